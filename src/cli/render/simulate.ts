import type { SimulatePartJson } from '../../verbs/index.ts';
import { paragraph, table } from './table.ts';
import type { View } from './view.ts';
import { heading, paintWords, severityStyles } from './words.ts';

type Of<Kind extends SimulatePartJson['kind']> = Extract<SimulatePartJson, { kind: Kind }>;

/** Incidents and bans as they come, and what was read at the end. */
export function part(said: SimulatePartJson, view: View): string {
  switch (said.kind) {
    case 'incident':
      return incidentText(said, view);
    case 'ban':
      return paragraph(
        `${clock(said.at)}  ${paintWords('magenta', 'ban'.padEnd(8), view)}  ${said.source} for ${lasting(said.until - said.at)}: ${said.why}`,
        view,
      );
    case 'summary':
      return summaryText(said, view);
  }
}

function incidentText(
  { first, last, severity, title, targets, events, sources, sourceCount, spoofable }: Of<'incident'>,
  view: View,
): string {
  const long = last - first < 1 ? 'within a second' : `in ${lasting(last - first)}`;
  const others = sourceCount - Math.min(sources.length, 3);
  const from =
    sources.length === 0
      ? 'from nobody who can be named'
      : `from ${sources.slice(0, 3).join(', ')}${others > 0 ? ` and ${count(others)} more` : ''}`;
  const to = targets.length === 0 ? '' : `, to ${targets.slice(0, 2).join('; ')}${targets.length > 2 ? ' and others' : ''}`;
  const forged = spoofable ? '; its source may be forged' : '';
  return [
    paragraph(`${clock(first)}  ${paintWords(severityStyles[severity], severity.padEnd(8), view)}  ${title}`, view),
    paragraph(view.paint('dim', `${count(events)} ${events === 1 ? 'event' : 'events'} ${long}, ${from}${to}${forged}`), view, 2),
  ].join('');
}

function summaryText(said: Of<'summary'>, view: View): string {
  const { files, events, from, to, incidents, bans, banned, trusted, detectors, before, unfollowed } = said;
  const range = from === null || to === null ? '' : `, from ${clock(from)} to ${clock(to)} UTC`;
  const rows = files.map(({ file, form, events: of, passed }) => [
    file,
    form ?? 'no form that is known',
    count(of),
    count(passed),
  ]);
  const seen = detectors.map(({ detector, incidents: of, events: by }) => [detector, count(of), count(by)]);
  const right = 'right' as const;
  const words = [
    `${incidents === 0 ? 'No incident' : incidents === 1 ? 'One incident' : `${count(incidents)} incidents`} in ${count(events)} events${range}.`,
    trusted
      ? bans === 0
        ? 'Nobody would have been shut out.'
        : `${count(banned)} ${banned === 1 ? 'source' : 'sources'} would have been shut out, ${count(bans)} times in all.`
      : 'Log files can be written by others, so nobody would have been shut out; --trust-files says who would be, if they are yours alone.',
    ...(before === 0 ? [] : [`${count(before)} events are of before --since.`]),
    ...(unfollowed === 0
      ? []
      : [`${count(unfollowed)} events came from so many new sources at once that these were not followed one by one.`]),
    ...(events === 0 && before === 0 ? ['No line was an event: the rules may not log, or it is another log.'] : []),
  ];
  return [
    seen.length === 0
      ? ''
      : `${heading('What was seen', view)}${table([{ title: 'DETECTOR' }, { title: 'INCIDENTS', align: right }, { title: 'EVENTS', align: right }], seen, view, 2)}`,
    `${heading('What was read', view)}${table([{ title: 'FILE' }, { title: 'FORM' }, { title: 'EVENTS', align: right }, { title: 'OTHER LINES', align: right }], rows, view, 2)}`,
    `\n${paragraph(words.join(' '), view)}`,
  ].join('');
}

export function clock(at: number): string {
  return new Date(at * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

export function count(number: number): string {
  return number.toLocaleString('en');
}

export function lasting(seconds: number): string {
  const steps = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const;
  const whole = Math.max(1, Math.round(seconds));
  const [unit, name] = steps.find(([size]) => whole >= size) ?? steps[3];
  const next = steps[steps.findIndex(([size]) => size === unit) + 1];
  const rest = next === undefined ? 0 : Math.floor((whole % unit) / next[0]);
  return `${Math.floor(whole / unit)} ${name}${rest > 0 && next !== undefined ? ` ${rest} ${next[1]}` : ''}`;
}
