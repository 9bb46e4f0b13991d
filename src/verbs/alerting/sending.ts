import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  channels as allChannels,
  type ChannelContext,
  durationMs,
  messageId,
  Routing,
  routesOf,
  type Sender,
  type Tracked,
  testMessage,
} from '../../alert/index.ts';
import { announcedNow } from '../../change/index.ts';
import { problemLine } from '../../result.ts';
import { type Outbox, openIncidentFeed, openOutbox } from '../../store/index.ts';
import { sendingOf } from '../config/whole.ts';
import { readPublished } from '../publishing/index.ts';
import type { Context } from '../verb.ts';
import { createDesk } from './desk.ts';
import { createPost, type Post, type Timing } from './post.ts';
import { report } from './reporting.ts';
import type { SendErrand, SenderTold } from './told.ts';
import { createWeekly } from './weekly.ts';

const lookMs = 1000;
const readTimeoutMs = 10_000;

/** Below 1, of 32 bits. */
export const random = (): number => randomBytes(4).readUInt32LE() / 2 ** 32;

/** Sends until the signal aborts. What became of each message is written down when this resolves. */
export async function send(context: Context, errand: SendErrand, tell: (told: SenderTold) => void): Promise<void> {
  const { clock, signal } = context;
  const { alerts, reports } = sendingOf(errand.settings);
  const say = (text: string): void => tell({ kind: 'notice', text });
  const settings = alerts?.channels ?? {};
  const opened = openOutbox(errand.stateFolder, errand.writer, clock.now());
  if (!opened.ok) {
    const [problem] = opened.problems;
    if (problem !== undefined) tell({ kind: problem.code === 'store-refused' ? 'taken' : 'failed', problem });
    return;
  }
  using outbox = opened.value;
  const senders = openChannels(settings, channelContext(context));
  let failure: string | null = null;
  let told = 0;
  const commit = (): void => {
    const problem = outbox.commit(clock.now());
    if (problem !== null && problem.message !== failure) say(`${problemLine(problem)}.`);
    if (problem === null && failure !== null) say('What was sent is written down again.');
    failure = problem?.message ?? null;
    for (; told < outbox.notices.length; told += 1) say(outbox.notices[told] as string);
  };
  outbox.channels(new Map(Object.entries(settings).map(([name, { type }]) => [name, type])));
  const timing: Timing = {
    now: () => clock.now(),
    sleep: (ms, until) => sleep(Math.min(ms, 2 ** 31 - 1), undefined, { signal: until }).catch(() => undefined),
  };
  const giveUpMs = durationMs(alerts?.['give-up'] ?? '3d');
  const post = createPost({ outbox, channels: senders, timing, random, giveUpMs, commit, say });
  using feed = openIncidentFeed(errand.stateFolder);
  const desk = createDesk({
    ...{ feed, outbox, post, timing, random, commit, host: errand.host },
    routing: routingOf(outbox, alerts),
    announced: () => announcedNow(errand.stateFolder, clock.now()),
  });
  const read = () =>
    errand.socket === null
      ? Promise.resolve({ ok: false, problem: unpublished } as const)
      : readPublished(errand.socket, { now: () => clock.now(), timeoutMs: readTimeoutMs });
  const weekly =
    alerts?.weekly === undefined
      ? null
      : createWeekly({
          ...{ time: alerts.weekly, stateFolder: errand.stateFolder, host: errand.host },
          ...{ outbox, post, timing, random, read, commit, say },
        });
  // Whoever is told that it sends is told of what comes from then on.
  await desk.look();
  tell({ kind: 'sending', pid: process.pid, channels: [...senders.keys()], reports: Object.keys(reports) });
  const looking = async (): Promise<void> => {
    for (; !signal.aborted; await timing.sleep(lookMs, signal)) {
      obey(outbox, post, clock.now(), errand.host, say);
      await desk.look();
      weekly?.look();
    }
  };
  await Promise.all([looking(), post.run(signal), report({ clock, host: errand.host, settings: reports, read, say }, signal)]);
  await Promise.all([...senders.values()].map((sender) => sender[Symbol.asyncDispose]()));
  commit();
}

const unpublished = {
  code: 'unread',
  message: 'the state of this host is published nowhere',
  hint: 'say where under publish: in config.yaml',
} as const;

/** What `alerts` of the configuration says. */
type Alerts = ReturnType<typeof sendingOf>['alerts'];
type ChannelsSaid = NonNullable<Alerts>['channels'];

export function openChannels(said: ChannelsSaid, context: ChannelContext): Map<string, Sender> {
  return new Map(
    Object.entries(said).flatMap(([name, { type, ...settings }]) => {
      const channel = allChannels.find((one) => one.type === type);
      return channel === undefined ? [] : [[name, channel.open(settings, context)] as const];
    }),
  );
}

function routingOf(outbox: Outbox, alerts: Alerts): Routing {
  const names = Object.keys(alerts?.channels ?? {});
  const { tracked, kept } = outbox.remembered;
  const renewMs = (type: string): number | null => allChannels.find((one) => one.type === type)?.renewMs ?? null;
  return new Routing(
    routesOf(alerts?.routes, names),
    new Map(Object.entries(alerts?.channels ?? {}).map(([name, { type }]) => [name, { renewMs: renewMs(type) }])),
    { tracked: tracked.map((text) => JSON.parse(text) as Tracked), rest: JSON.parse(kept.get('routing') ?? 'null') },
  );
}

/** What others want done with messages. */
function obey(outbox: Outbox, post: Post, now: number, host: string, say: (text: string) => void): void {
  const words = outbox.words();
  if (words.length === 0) return;
  for (const { word, of, by } of words) {
    if (word === 'retry') outbox.retry(of, now);
    else if (word === 'drop') outbox.drop(of, now, post.sending);
    else {
      // The word names the message too, so that whoever said it can follow it.
      const [channel = '', id = messageId(now, random)] = of.split(' ');
      const isThere = outbox.standing().some((one) => one.channel === channel);
      if (isThere) outbox.queue(testMessage(id, now, host, by), channel, post.sending);
      else say(`${by} wants to test ${channel}, which is no channel.`);
    }
  }
  const problem = outbox.commit(now);
  if (problem !== null) say(`${problemLine(problem)}.`);
  post.wake();
}

/** What channels are handed. */
export function channelContext({ clock, kernel }: Pick<Context, 'clock' | 'kernel'>): ChannelContext {
  return {
    clock,
    async run(argv, { input, timeoutMs, env }) {
      const [tool = '', ...args] = argv;
      const ran = await kernel.run({ argv: [tool, ...args], input: Buffer.from(input), timeoutMs, env });
      switch (ran.kind) {
        case 'exited':
          return { status: ran.status, stderr: Buffer.from(ran.stderr, 'latin1').toString() };
        case 'missing':
          return { status: 127, stderr: `${tool} is not there` };
        case 'timeout':
          return { status: 124, stderr: `it took longer than ${timeoutMs / 1000} s` };
        case 'too-large':
          return { status: 125, stderr: 'it said too much' };
        case 'signalled':
          return { status: 137, stderr: `it was ended by ${ran.signal}` };
      }
    },
    secret: async (setting) =>
      typeof setting === 'string' ? setting : (await readFile(setting.file, 'utf8')).replace(/\r?\n$/, ''),
  };
}
