import { ok, type Result } from '../../result.ts';
import { type EventQuestion, openReading, type Reading, type StoredEvent } from '../../store/index.ts';
import type { LoggedPacket } from '../../watch/events/index.ts';
import { loggedPacketToJson } from '../event.ts';
import type { EventPartJson, WhyJson } from '../events-shape.ts';
import type { Context, Outcome } from '../verb.ts';
import { type Column, csvText, utcText } from './spreadsheet.ts';
import { networkText, protoNumber, windowOf } from './window.ts';

type EventJson = Extract<EventPartJson, { kind: 'event' }>;

interface Asked {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly source?: string | undefined;
  readonly target?: string | undefined;
  readonly port?: number | undefined;
  readonly proto?: string | undefined;
  readonly prefix?: string | undefined;
  readonly most: number;
  readonly why: boolean;
  readonly format: 'text' | 'csv';
}

/** More than so many are not held in memory, but looked for twice. */
const mostHeld = 10_000;

export async function askEvents(context: Context, asked: Asked): Promise<Outcome<null>> {
  const question = questionOf(asked, context.clock.now());
  if (!question.ok) return { kind: 'invalid', problems: question.problems };
  const opened = openReading(context.stateFolder);
  if (!opened.ok) return { kind: 'unread', problems: opened.problems };
  using reading = opened.value;
  context.progress('looking for events');
  const found = newest(reading, question.value);
  if (asked.format === 'csv') return { kind: 'done', value: null, document: csvText(columns, jsonOf(found)) };
  const explain = asked.why ? await explaining(context) : null;
  let said = 0;
  for (const event of jsonOf(found, explain)) {
    if (context.signal.aborted) break;
    await context.part(event);
    said += 1;
  }
  const losses = reading.losses(question.value.since ?? 0);
  for (const loss of losses) await context.part({ kind: 'lost', ...loss });
  return { kind: said === 0 && losses.length > 0 ? 'unknown' : 'done', value: null };
}

function questionOf(asked: Asked, now: number): Result<EventQuestion & { readonly most: number }> {
  const window = windowOf(asked, now, undefined);
  const source = networkText('source', asked.source);
  const target = networkText('target', asked.target);
  const proto = protoNumber(asked.proto);
  for (const read of [window, source, target, proto]) if (!read.ok) return read;
  if (!window.ok || !source.ok || !target.ok || !proto.ok) throw new Error('it was read');
  return ok({
    ...window.value,
    ...(source.value !== undefined && { source: source.value }),
    ...(target.value !== undefined && { target: target.value }),
    ...(proto.value !== undefined && { proto: proto.value }),
    ...(asked.port !== undefined && { port: asked.port }),
    ...(asked.prefix !== undefined && { prefix: asked.prefix }),
    most: asked.most,
  });
}

/** The newest that fit, oldest of them first. */
function newest(reading: Reading, question: EventQuestion & { readonly most: number }): Iterable<StoredEvent> {
  if (question.most <= mostHeld) return [...reading.events(question)].reverse();
  let since = question.since;
  let count = 0;
  for (const { at } of reading.events(question)) {
    since = at;
    count += 1;
  }
  return count === 0 || since === undefined ? [] : reading.events({ ...question, since, oldestFirst: true });
}

/** Says of an event which rule of this host logged it. */
async function explaining(context: Context): Promise<(event: LoggedPacket) => WhyJson> {
  const { readHost } = await import('../reading.ts');
  const { createWhy } = await import('../event-rule.ts');
  const host = await readHost(context, { ruleset: [] });
  if (!host.ok) throw new Error(host.problems[0]?.message);
  return createWhy(host.value);
}

function* jsonOf(events: Iterable<StoredEvent>, explain: ((event: LoggedPacket) => WhyJson) | null = null): Iterable<EventJson> {
  for (const { id, kind, source, trusted, packet } of events) {
    const why = explain === null || kind !== 'packet' ? {} : { why: explain(packet) };
    yield { kind: 'event', id, ...loggedPacketToJson(packet), what: kind, from: source, trusted, ...why };
  }
}

const columns: readonly Column<EventJson>[] = [
  ['time (UTC)', ({ at }) => utcText(at)],
  ['what', ({ what }) => what],
  ['prefix', ({ prefix }) => prefix],
  ['in', (event) => event.in],
  ['out', ({ out }) => out],
  ['protocol', ({ proto }) => proto],
  ['source', ({ src }) => src],
  ['source port', ({ sport }) => sport],
  ['target', ({ dst }) => dst],
  ['target port', ({ dport }) => dport],
  ['flags', ({ flags }) => flags?.join(' ') ?? null],
  ['icmp type', ({ icmpType }) => icmpType],
  ['icmp code', ({ icmpCode }) => icmpCode],
  ['bytes', ({ length }) => length],
  ['ttl', ({ ttl }) => ttl],
  ['mark', ({ mark }) => mark],
  ['read from', ({ from }) => from],
  ['trusted', ({ trusted }) => (trusted ? 'yes' : 'forgeable')],
];
