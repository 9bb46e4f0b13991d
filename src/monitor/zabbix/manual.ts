import { discoveries } from './discoveries.ts';
import { eventTriggers } from './event.ts';
import type { Trigger } from './item.ts';
import { items } from './items.ts';
import { macros } from './macros.ts';
import { readableItems } from './template.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows.map((row) => row.map(cell))].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

const triggerRows = (all: readonly Trigger[]): readonly (readonly string[])[] =>
  all.map(({ name, priority, expression, says }) => [
    name.replace('Iptables: ', ''),
    priority.toLowerCase(),
    `\`${expression}\``,
    says,
  ]);

/** What the template brings, in Markdown, from the table that it is made of. */
export function manualOfItems(): string {
  const plain = [...readableItems, ...items];
  return `${[
    '<!-- Written by npm run docs from the items of palisade. Do not edit. -->',
    '# Items, triggers and macros of the template for Zabbix',
    'Keys begin with `iptables.`. A unit of `/s` is a change per second, made by Zabbix of a counter. In expressions `@FIELD` stands for an item.',
    '## Items',
    table(
      ['key', 'is', 'unit', ''],
      plain.map(({ field, name, units, says }) => [`\`${field}\``, name, units ?? '', says]),
    ),
    '`get` is the master item, of which all these are read; `event` takes what becomes of incidents.',
    ...discoveries.flatMap(({ noun, name, says, most, items: all }) => [
      `## ${name}`,
      `${says} Discovered by \`${noun}s.discovery\`, at most ${most}.`,
      table(
        ['key', 'is', 'unit', ''],
        all.map(({ field, name: what, units, says: explained }) => [`\`${field}[ID]\``, what, units ?? '', explained]),
      ),
    ]),
    '## Triggers',
    table(
      ['problem', 'severity', 'when', 'and then'],
      triggerRows([
        ...plain.flatMap(({ triggers = [] }) => triggers),
        ...discoveries.flatMap(({ items: all }) => all.flatMap(({ triggers = [] }) => triggers)),
        ...eventTriggers,
      ]),
    ),
    '## Macros',
    table(
      ['macro', 'unless changed', ''],
      macros.map(({ name, value, says }) => [`\`${name}\``, `\`${value}\``, says]),
    ),
  ].join('\n\n')}\n`;
}
