import type { Picture } from '../../../verbs/watch-shape.ts';
import { oneLine } from '../safe.ts';
import type { View } from '../view.ts';
import { wrap } from '../width.ts';
import { severityStyles } from '../words.ts';
import { clockTime, grouped, leftTime, shortTime } from './cells.ts';
import type { Over } from './screen.ts';

/** Sources that the details of an incident name one by one. */
const mostNamed = 40;

/** What stands in the place of the panels, as lines of at most `width` cells. */
export function textOver(over: Over, picture: Picture, width: number, paint: View['paint']): string[] {
  switch (over.kind) {
    case 'incident': {
      const incident = picture.incidents.find(({ id }) => id === over.key);
      return incident === undefined ? gone(paint) : incidentText(incident, picture.at, width, paint);
    }
    case 'ban': {
      const ban = picture.bans.find(({ source }) => source === over.key);
      return ban === undefined ? gone(paint) : banText(ban, picture.at, width, paint);
    }
    case 'help':
      return helpText(width, paint);
    case 'filter':
    case 'asking':
      return [];
  }
}

function gone(paint: View['paint']): string[] {
  return ['', paint('dim', 'It is not in the list any more.')];
}

function incidentText(one: Picture['incidents'][number], now: number, width: number, paint: View['paint']): string[] {
  const isOpen = one.state === 'open';
  const field = fields(width, paint);
  const rest = one.sourceCount - Math.min(one.sources.length, mostNamed);
  const sources = one.sources.slice(0, mostNamed).join(', ') || 'nobody can be named';
  return [
    '',
    ...wrapped(one.title, width).map((line) => paint('bold', line)),
    '',
    ...field('severity', one.severity).map((line, at) =>
      at === 0 ? line.replace(one.severity, paint(severityStyles[one.severity], one.severity)) : line,
    ),
    ...field('state', isOpen ? 'open' : 'over'),
    ...field('seen by', one.detector),
    ...field('why', one.why),
    ...(one.remedy === '' ? [] : field('do', one.remedy)),
    ...field('from', rest > 0 ? `${sources} and ${grouped(rest)} more` : sources),
    ...field('to', one.targets.join(', ')),
    ...field('events', grouped(one.events)),
    ...field('first', `${clockTime(one.first)}, ${shortTime(now - one.first)} ago`),
    ...field('last', `${clockTime(one.last)}, ${shortTime(now - one.last)} ago`),
    ...field(
      'proof',
      [
        one.spoofable ? 'all of it could have been sent with a forged source address' : 'its sources were not forged',
        one.trusted ? 'none of it can be written by users of this machine' : 'it comes from a file that others can write',
      ].join('; '),
    ),
    '',
    paint('bold', one.evidence.length === 0 ? 'No lines were kept.' : 'Its first and its last lines'),
    ...one.evidence.flatMap((line) => wrapped(line, width)),
  ];
}

function banText(one: Picture['bans'][number], now: number, width: number, paint: View['paint']): string[] {
  const field = fields(width, paint);
  const by = one.by.kind === 'incident' ? `incident ${one.by.incident} (${one.by.detector})` : one.by.name;
  return [
    '',
    ...wrapped(`${one.source} is shut out`, width).map((line) => paint('bold', line)),
    '',
    ...field('why', one.why),
    ...field('by', by),
    ...field('what', one.reach === 'all' ? 'every packet of it is dropped' : 'connections that it begins are dropped'),
    ...field('since', `${clockTime(one.at)}, ${shortTime(now - one.at)} ago`),
    ...field('left', leftTime(one.until - now)),
    ...field('before', one.before === 0 ? 'never shut out before' : `${one.before} times shut out before`),
    '',
    ...wrapped('palisade unban lets it in again; palisade explain-ban says more.', width).map((line) => paint('dim', line)),
  ];
}

const nameWidth = 10;

function fields(width: number, paint: View['paint']): (name: string, text: string) => string[] {
  return (name, text) =>
    text === ''
      ? []
      : wrapped(text, width - nameWidth).map(
          (line, at) => `${at === 0 ? paint('dim', name.padEnd(nameWidth)) : ' '.repeat(nameWidth)}${line}`,
        );
}

function wrapped(text: string, width: number): string[] {
  return wrap(oneLine(text), width);
}

const help = [
  ['Tab ← →', 'go from panel to panel'],
  ['↑ ↓ PgUp PgDn', 'move within one'],
  ['Enter', 'on an incident or a ban: all that is known; on a source: show only what has to do with it'],
  ['/', 'show only what has to do with an address or a network'],
  ['Esc', 'show all again'],
  ['s', 'put the panel into another order'],
  ['p', 'let the picture stand still, and go on; watching goes on meanwhile'],
  ['b', 'shut the chosen source out for an hour, once you say yes'],
  ['q Ctrl-C', 'end it'],
] as const;

function helpText(width: number, paint: View['paint']): string[] {
  const keyWidth = 15;
  return [
    '',
    paint('bold', 'What the keys do'),
    '',
    ...help.flatMap(([key, does]) =>
      wrap(does, width - keyWidth).map(
        (line, at) => `${at === 0 ? paint('cyan', key.padEnd(keyWidth)) : ' '.repeat(keyWidth)}${line}`,
      ),
    ),
    '',
    ...wrap(
      '● is open, ○ is over. A ban says what of the source is dropped: new, connections that it begins; all, every packet. Top lists are of the last hour, incidents of the last day.',
      width,
    ).map((line) => paint('dim', line)),
  ];
}
