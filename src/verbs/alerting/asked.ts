import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageId, testMessage } from '../../alert/index.ts';
import { openOutboxReading, type Posted, sayToSender } from '../../store/index.ts';
import type { AlertsPartJson } from '../alerts-shape.ts';
import { whoever } from '../asking/whoever.ts';
import { sendingOf } from '../config/whole.ts';
import type { Context, Outcome } from '../verb.ts';
import { channelContext, openChannels, random } from './sending.ts';

interface Asked {
  readonly what: 'list' | 'retry' | 'drop' | 'test';
  readonly of?: string | undefined;
  readonly channel?: string | undefined;
  readonly most: number;
}

type Ended = Outcome<AlertsPartJson>;

/** A channel takes no longer, or it is not taken. */
const testMs = 45_000;
const lookMs = 200;

export async function askAlerts(context: Context, asked: Asked): Promise<Ended> {
  switch (asked.what) {
    case 'list':
      return await list(context, asked);
    case 'retry':
    case 'drop':
      return await say(context, asked.what, asked.of);
    case 'test':
      return await test(context, asked.of);
  }
}

async function list(context: Context, { channel, most }: Asked): Promise<Ended> {
  const opened = openOutboxReading(context.stateFolder);
  if (!opened.ok) return { kind: 'unread', problems: opened.problems };
  using outbox = opened.value;
  for (const one of outbox.standing()) {
    if (channel !== undefined && one.channel !== channel) continue;
    const lastDelivered = one.lastDelivered === null ? null : one.lastDelivered / 1000;
    await context.part({ kind: 'channel', ...one, lastDelivered } satisfies AlertsPartJson);
  }
  for (const state of ['dead', 'waiting', 'delivered'] as const)
    for (const one of outbox.posted({ states: [state], most, ...(channel !== undefined && { channel }) }))
      await context.part(messagePart(one));
  return { kind: 'done', value: null };
}

function messagePart({
  id,
  channel,
  state,
  kind,
  severity,
  title,
  thread,
  sequence,
  at,
  attempts,
  next,
  ended,
  why,
}: Posted): AlertsPartJson {
  return {
    kind: 'message',
    ...{ id, channel, state, of: kind, severity, title, thread, sequence, at: at / 1000, attempts },
    next: state === 'waiting' ? next / 1000 : null,
    ended: ended === null ? null : ended / 1000,
    why: state === 'delivered' ? null : why,
  };
}

async function say(context: Context, word: 'retry' | 'drop', of: string | undefined): Promise<Ended> {
  const hint = 'palisade alerts lists them; all are those that were given up';
  if (of === undefined) return { kind: 'invalid', problems: [{ code: 'usage', message: 'name a message, or all', hint }] };
  const opened = openOutboxReading(context.stateFolder);
  if (!opened.ok) return { kind: 'unread', problems: opened.problems };
  using outbox = opened.value;
  const one = of === 'all' ? null : outbox.one(of.toUpperCase());
  if (of !== 'all' && (one === null || (one.state !== 'dead' && one.state !== 'waiting'))) {
    const message =
      one === null ? `there is no message ${of}, or several whose id begins so` : `${one.id} was ${one.state} already`;
    return { kind: 'invalid', problems: [{ code: 'usage', message, hint }] };
  }
  const count = one === null ? outbox.standing().reduce((sum, { dead }) => sum + dead, 0) : 1;
  const said = sayToSender(context.stateFolder, { word, of: one?.id ?? 'all', by: whoever(context) }, context.clock.now());
  if (!said.ok) return { kind: 'unchanged', problems: said.problems };
  await context.part({ kind: 'said', word, of: one?.id ?? 'all', count, sender: outbox.sender() } satisfies AlertsPartJson);
  return { kind: 'done', value: null };
}

async function test(context: Context, of: string | undefined): Promise<Ended> {
  const channels = sendingOf(context.settings).alerts?.channels ?? {};
  const names = of === undefined ? Object.keys(channels) : [of];
  const unknown = names.find((name) => channels[name] === undefined);
  if (unknown !== undefined || names.length === 0) {
    const known = Object.keys(channels);
    const message = unknown === undefined ? 'there is no channel' : `there is no channel ${unknown}`;
    const hint = known.length === 0 ? 'write one under alerts: channels: in config.yaml' : `the channels are ${known.join(', ')}`;
    return { kind: 'invalid', problems: [{ code: 'usage', message, hint }] };
  }
  let all = true;
  for (const name of names) {
    context.progress(`sending a test to ${name}`);
    const tested = (await testBySender(context, name)) ?? (await testHere(context, name));
    await context.part(tested);
    all &&= tested.delivered;
  }
  return { kind: all ? 'done' : 'found', value: null };
}

type Tested = Extract<AlertsPartJson, { kind: 'tested' }>;

/** By whoever sends, on the way that alerts go; `null`: nobody does, or his configuration is of before. */
async function testBySender(context: Context, channel: string): Promise<Tested | null> {
  const opened = openOutboxReading(context.stateFolder);
  if (!opened.ok) return null;
  using outbox = opened.value;
  const sender = outbox.sender();
  if (sender === null || !outbox.standing().some((one) => one.channel === channel)) return null;
  const id = messageId(context.clock.now(), random);
  const by = whoever(context);
  if (!sayToSender(context.stateFolder, { word: 'test', of: `${channel} ${id}`, by }, context.clock.now()).ok) return null;
  const end = performance.now() + testMs;
  let last: Posted | null = null;
  while (performance.now() < end && !context.signal.aborted) {
    last = outbox.one(id);
    if (last !== null && (last.state !== 'waiting' || last.attempts > 0)) break;
    await sleep(lookMs, undefined, { signal: context.signal }).catch(() => undefined);
  }
  const delivered = last?.state === 'delivered';
  // A test is of now: nobody wants it in three days.
  if (!delivered) sayToSender(context.stateFolder, { word: 'drop', of: id, by }, context.clock.now());
  return { kind: 'tested', channel, id, delivered, why: delivered ? null : (last?.why ?? 'nobody has sent it'), sender };
}

async function testHere(context: Context, channel: string): Promise<Tested> {
  const said = sendingOf(context.settings).alerts?.channels[channel];
  const opened = openChannels(said === undefined ? {} : { [channel]: said }, channelContext(context));
  const sender = opened.get(channel);
  if (sender === undefined) throw new Error(`${channel} cannot be opened`);
  await using open = sender;
  const now = context.clock.now();
  const id = messageId(now, random);
  const message = { ...testMessage(id, now, hostname(), whoever(context)), sequence: 0 };
  const delivery = await open.send(message, AbortSignal.any([context.signal, AbortSignal.timeout(testMs)]));
  const isDelivered = delivery.kind === 'delivered';
  return { kind: 'tested', channel, id, delivered: isDelivered, why: isDelivered ? null : delivery.why, sender: null };
}
