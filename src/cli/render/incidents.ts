import type { IncidentPartJson } from '../../verbs/index.ts';
import { clock, count, lasting } from './simulate.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { paintWords, severityStyles } from './words.ts';

/** Two lines an incident in a list; all of it where one is shown. */
export function part(said: IncidentPartJson, view: View): string {
  switch (said.asked) {
    case 'list':
      return lines(said, view);
    case 'show':
      return lines(said, view) + details(said, view);
    case 'ack':
      return paragraph(`${said.id}: ${said.acknowledged?.by ?? 'somebody'} has seen it.`, view);
    case 'silence':
      return paragraph(`${said.id}: nobody is told of it until ${clock(said.silencedUntil ?? 0)}Z.`, view);
  }
}

function lines(said: IncidentPartJson, view: View): string {
  const { id, first, last, severity, title, events, state, sources, sourceCount, acknowledged, silencedUntil } = said;
  const word = paintWords(severityStyles[severity], severity.padEnd(8), view);
  const others = sourceCount - Math.min(sources.length, 3);
  const from =
    sources.length === 0
      ? 'from nobody who can be named'
      : `from ${sources.slice(0, 3).join(', ')}${others > 0 ? ` and ${count(others)} more` : ''}`;
  const notes = [
    state === 'open' ? 'goes on' : `over at ${clock(last)}Z`,
    ...(said.spoofable ? ['its source may be forged'] : []),
    ...(said.trusted ? [] : ['by a file that others may write']),
    ...(acknowledged === null ? [] : [`seen by ${acknowledged.by}`]),
    ...(silencedUntil === null ? [] : [`silenced until ${clock(silencedUntil)}Z`]),
  ];
  const about = `${count(events)} ${events === 1 ? 'event' : 'events'} in ${lasting(last - first)}, ${from}; ${notes.join('; ')}`;
  return [paragraph(`${clock(first)}Z  ${word}  ${title}`, view), paragraph(view.paint('dim', `${id}: ${about}`), view, 2)].join(
    '',
  );
}

function details({ why, remedy, sources, targets, evidence, acknowledged }: IncidentPartJson, view: View): string {
  const list = (title: string, items: readonly string[]): string =>
    items.length === 0 ? '' : `\n${view.paint('bold', title)}\n${items.map((item) => `  ${item}\n`).join('')}`;
  const seen =
    acknowledged === null ? '' : `\n${paragraph(`${acknowledged.by} has seen it at ${clock(acknowledged.at)}Z.`, view)}`;
  const what = remedy === '' ? '' : `\n${view.paint('bold', 'What to do')}\n${paragraph(remedy, view, 2)}`;
  return `\n${paragraph(why, view)}${what}${seen}${list('Sources', sources)}${list('Targets', targets)}${list('Evidence', evidence)}`;
}
