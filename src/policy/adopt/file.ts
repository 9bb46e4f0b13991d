import type { Family } from '../../model/net/index.ts';
import type { Ending, Way } from '../policy.ts';
import type { Entry, Part, TableEntry } from './entry.ts';

/** Everything that a policy file says. */
export interface Written {
  /** Lines of comment at its head. */
  readonly head: readonly string[];
  readonly otherwise: Readonly<Record<Way, Ending>>;
  readonly basics: readonly string[];
  readonly sets: ReadonlyMap<string, readonly string[]>;
  readonly lists: Readonly<Record<Way, readonly Entry[]>>;
  readonly lines: readonly TableEntry[];
}

const everyBasic = ['loopback', 'established', 'icmp', 'dhcp'] as const;

/** The policy as YAML, for people to read on: one rule a line where that is short enough. */
export function policyText({ head, otherwise, basics, sets, lists, lines }: Written): string {
  const off = everyBasic.filter((basic) => !basics.includes(basic));
  const parts = [
    ...head.map((line) => `# ${line}`.trimEnd()),
    'palisade: 1',
    `otherwise: ${flow(otherwise)}`,
    ...(off.length === 0 ? [] : [`basics: ${flow(Object.fromEntries(off.map((basic) => [basic, false])))}`]),
  ];
  if (sets.size > 0) {
    parts.push('sets:');
    for (const [name, members] of sets) parts.push(...listed(`  ${name}:`, members, 4));
  }
  for (const way of ['incoming', 'forwarded', 'outgoing'] as const) {
    if (lists[way].length === 0) continue;
    parts.push(`${way}:`, ...lists[way].flatMap((entry) => entryLines(entry, 2)));
  }
  if (lines.length > 0) parts.push('iptables:', ...lines.flatMap(tableLines));
  return `${parts.join('\n')}\n`;
}

const widest = 130;

function entryLines(entry: Entry, indent: number): readonly string[] {
  const pairs = pairsOf(entry);
  const pad = ' '.repeat(indent);
  const short = `${pad}- ${flow(Object.fromEntries(pairs))}`;
  if (entry.inner === null && short.length <= widest) return [short];
  const lines = pairs.flatMap(([key, value]) => valueLines(key, value, indent + 2));
  const [first = '', ...rest] = lines;
  const own = [`${pad}- ${first.trimStart()}`, ...rest];
  if (entry.inner === null) return own;
  if (entry.inner.length === 0) return [...own, `${pad}  rules: []`];
  return [...own, `${pad}  rules:`, ...entry.inner.flatMap((one) => entryLines(one, indent + 4))];
}

function pairsOf({ verb, services, keys, line, note }: Entry): readonly (readonly [string, unknown])[] {
  const { family, ...rest } = keys;
  const order = ['from', 'to', 'via', 'out', 'from-port', 'flags', 'state', 'up-to', 'burst'];
  const rank = (key: string): number => (order.includes(key) ? order.indexOf(key) : order.length);
  const pairs: (readonly [string, unknown])[] = [[verb, line ?? single(services)]];
  for (const [key, value] of Object.entries(rest).sort(([left], [right]) => rank(left) - rank(right)))
    pairs.push([key, single(value)]);
  if (family !== undefined) pairs.push(['family', family]);
  if (note !== null && note.trim() !== '') pairs.push(['note', note.trim()]);
  return pairs;
}

/** A list of one is that one. */
function single(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

function valueLines(key: string, value: unknown, indent: number): readonly string[] {
  const pad = ' '.repeat(indent);
  const short = `${pad}${key}: ${flow(value)}`;
  if (short.length <= widest || !Array.isArray(value)) return [short];
  return listed(`${pad}${key}:`, value, indent + 2);
}

/** A list in as few lines as it takes. */
function listed(lead: string, values: readonly unknown[], indent: number): readonly string[] {
  const short = `${lead} ${flow(values)}`;
  if (short.length <= widest) return [short];
  const lines: string[] = [];
  let line = ' '.repeat(indent);
  for (const value of values) {
    const word = `${flow(value)}, `;
    if (line.length + word.length > widest && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = ' '.repeat(indent);
    }
    line += word;
  }
  return [`${lead} [`, ...lines, line.trimEnd(), `${' '.repeat(indent - 2)}]`];
}

function tableLines({ table, chain, part, families }: TableEntry): readonly string[] {
  const family = families.length > 1 ? {} : { family: familyWord(families[0] as Family) };
  const body = typeof part === 'string' ? { rule: part } : { rule: part.rule, rules: part.rules };
  const short = `  - ${flow({ table, chain, ...body, ...family })}`;
  if (short.length <= widest || typeof part === 'string') return [short];
  const lead = flow({ table, chain, ...family })
    .slice(2, -2)
    .split(', ');
  return [
    `  - ${lead[0]}`,
    ...lead.slice(1).map((line) => `    ${line}`),
    `    rule: ${flow(part.rule)}`,
    '    rules:',
    ...part.rules.flatMap((one) => partLines(one, 6)),
  ];
}

function partLines(part: Part, indent: number): readonly string[] {
  const pad = ' '.repeat(indent);
  if (typeof part === 'string') return [`${pad}- ${flow(part)}`];
  return [`${pad}- rule: ${flow(part.rule)}`, `${pad}  rules:`, ...part.rules.flatMap((one) => partLines(one, indent + 4))];
}

function familyWord(family: Family): string {
  return family === 4 ? 'ipv4' : 'ipv6';
}

/** In one line. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (value !== null && typeof value === 'object') {
    const pairs = Object.entries(value).map(([key, inner]) => `${key}: ${flow(inner)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return scalar(String(value));
}

/** Words that YAML reads as themselves stand without quotes, all others with. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z][A-Za-z0-9_./+-]*(:\d[\d/]*)?$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}
