import { acknowledge, openReading, type StoredIncident, silence } from '../../store/index.ts';
import { incidentToJson } from '../incident-shape.ts';
import type { IncidentPartJson } from '../incidents-shape.ts';
import { momentOf } from '../moment.ts';
import type { Context, Outcome } from '../verb.ts';
import { type Column, csvText, utcText } from './spreadsheet.ts';
import { whoever } from './whoever.ts';
import { networkText, windowOf } from './window.ts';

interface Asked {
  readonly what: IncidentPartJson['asked'];
  readonly id?: string | undefined;
  readonly open: boolean;
  readonly since?: string | undefined;
  readonly detector?: string | undefined;
  readonly source?: string | undefined;
  readonly most: number;
  readonly for: string;
  readonly format: 'text' | 'csv';
}

export async function askIncidents(context: Context, asked: Asked): Promise<Outcome<null>> {
  if (asked.what === 'list') return await list(context, asked);
  if (asked.id === undefined) return nothing('name an incident');
  if (asked.what === 'show') return await show(context, asked.id);
  const now = context.clock.now();
  const by = whoever(context);
  const said =
    asked.what === 'ack'
      ? acknowledge(context.stateFolder, asked.id, by, now)
      : silence(context.stateFolder, asked.id, by, 2 * now - (momentOf(asked.for, now) ?? now));
  if (!said.ok) return { kind: said.problems[0]?.code === 'usage' ? 'invalid' : 'unchanged', problems: said.problems };
  await context.part(partOf(said.value, asked.what));
  return { kind: 'done', value: null };
}

async function list(context: Context, asked: Asked): Promise<Outcome<null>> {
  const window = windowOf(asked, context.clock.now(), undefined);
  if (!window.ok) return { kind: 'invalid', problems: window.problems };
  const source = networkText('source', asked.source);
  if (!source.ok) return { kind: 'invalid', problems: source.problems };
  const opened = openReading(context.stateFolder);
  if (!opened.ok) return { kind: 'unread', problems: opened.problems };
  using reading = opened.value;
  const found = reading.incidents({
    most: asked.most,
    ...(window.value.since !== undefined && { since: window.value.since }),
    ...(asked.open && { state: 'open' as const }),
    ...(asked.detector !== undefined && { detector: asked.detector }),
    ...(source.value !== undefined && { source: source.value }),
  });
  const parts = found.map((incident) => partOf(incident, 'list'));
  if (asked.format === 'csv') return { kind: 'done', value: null, document: csvText(columns, parts) };
  for (const part of parts) await context.part(part);
  return { kind: 'done', value: null };
}

async function show(context: Context, id: string): Promise<Outcome<null>> {
  const opened = openReading(context.stateFolder);
  if (!opened.ok) return { kind: 'unread', problems: opened.problems };
  using reading = opened.value;
  const found = reading.incident(id);
  if (found === null) return nothing(`there is no incident ${id}, or several whose id begins so`);
  await context.part(partOf(found, 'show'));
  return { kind: 'done', value: null };
}

function nothing(message: string): Outcome<null> {
  return { kind: 'invalid', problems: [{ code: 'usage', message, hint: 'palisade incidents lists them' }] };
}

function partOf(incident: StoredIncident, asked: IncidentPartJson['asked']): IncidentPartJson {
  const { acknowledged, silencedUntil } = incident;
  return {
    ...incidentToJson(incident),
    asked,
    acknowledged: acknowledged === null ? null : { by: acknowledged.by, at: acknowledged.at / 1000 },
    silencedUntil: silencedUntil === null ? null : silencedUntil / 1000,
  };
}

const columns: readonly Column<IncidentPartJson>[] = [
  ['id', ({ id }) => id],
  ['state', ({ state }) => state],
  ['severity', ({ severity }) => severity],
  ['detector', ({ detector }) => detector],
  ['first (UTC)', ({ first }) => utcText(first)],
  ['last (UTC)', ({ last }) => utcText(last)],
  ['events', ({ events }) => events],
  ['title', ({ title }) => title],
  ['why', ({ why }) => why],
  ['what to do', ({ remedy }) => remedy],
  ['sources', ({ sources }) => sources.join(' ')],
  ['all sources', ({ sourceCount }) => sourceCount],
  ['targets', ({ targets }) => targets.join('; ')],
  ['may be forged', ({ spoofable }) => (spoofable ? 'yes' : 'no')],
  ['trusted', ({ trusted }) => (trusted ? 'yes' : 'no')],
  ['acknowledged by', ({ acknowledged }) => acknowledged?.by ?? null],
  ['silenced until (UTC)', ({ silencedUntil }) => (silencedUntil === null ? null : utcText(silencedUntil))],
];
