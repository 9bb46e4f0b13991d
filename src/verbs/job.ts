import { randomInt } from 'node:crypto';
import { hostname } from 'node:os';
import { type Host, hostFromTexts } from '../model/host/index.ts';
import { problemLine } from '../result.ts';
import { openCollected } from '../watch/sources/index.ts';
import { type SenderTold, startSending } from './alerting/index.ts';
import { auditAside } from './auditing.ts';
import { partOf } from './drifting/following.ts';
import { type Noticed, watchDrift } from './drifting/watching.ts';
import { incidentToJson } from './incident-shape.ts';
import { labLogGroup } from './lab/guide.ts';
import { labNetwork } from './lab/network.ts';
import { type Live, live, type Sources } from './live.ts';
import { logsOfAllNamespaces, namespaceLogNotices } from './namespace-log.ts';
import { socketOf } from './publishing/place.ts';
import { type Publishing, publishHost } from './publishing/publishing.ts';
import { createRereader } from './rereader.ts';
import { reportToJson } from './shapes.ts';
import { statusOf } from './status.ts';
import type { UpInput, UpPart } from './up.ts';
import type { Context, Outcome } from './verb.ts';
import { watchHere } from './watching/index.ts';
import type { Told } from './watching/told.ts';
import { watchWithin } from './watching/within.ts';

/** The live host, seen as root. */
export async function watchHost(context: Context, input: UpInput): Promise<Outcome<UpPart>> {
  const options = input.backend === undefined ? {} : { backend: input.backend };
  const reread = createRereader(context.kernel, context.signal);
  let publishing: Publishing | null = null;
  const read: Sources['read'] = async (before) => {
    const { texts, countedAt } = await reread();
    publishing?.texts(texts);
    return { host: hostFromTexts(texts, { ...options, ...(before && { before }) }), countedAt };
  };
  const publish = (subject: Live): Publishing => {
    const watches = { log: input.watch, drift: input.drift };
    const notice = (text: string): Promise<void> => say(context, { kind: 'notice', text });
    publishing = publishHost(context, watches, notice, async ({ change, incident }) => {
      const said = incidentToJson(incident);
      subject.happened({ kind: 'incident', change, incident: said });
      await say(context, { ...said, change });
    });
    return publishing;
  };
  await sayNamespaceLog(context, 'host');
  const drift = input.drift ? () => watchDrift(context, input) : null;
  const watch = input.watch ? (host: Host): Watch => watchHere(context, host, 'palisade up') : null;
  const send = () => startSending(context, 'palisade up', socketOf(context.settings.publish, context.stateFolder));
  return await job(context, input, read, { watch, drift, publish, send });
}

/** A network of namespaces instead, for those who may not see the host's rules. */
export async function watchLab(context: Context, input: UpInput, why: string): Promise<Outcome<UpPart>> {
  await say(context, {
    kind: 'notice',
    text: `This host's firewall cannot be seen: ${why}. Run it as root (sudo) to look at this host.`,
  });
  const network = await labNetwork(context, actorCommand);
  if (!network.ok) return { kind: 'unread', problems: network.problems };
  await using lab = network.value;
  await say(context, {
    kind: 'notice',
    text: 'Until then it looks at a network that it made in namespaces of its own: a server behind a common guide’s firewall, a client and an attacker.',
  });
  await sayNamespaceLog(context, 'lab');
  const reread = createRereader(context.kernel, context.signal, lab.server);
  const read: Sources['read'] = async () => {
    const { texts, countedAt } = await reread();
    return { host: { ...hostFromTexts(texts), name: 'lab' }, countedAt };
  };
  // Awaited here: the network stands as long as the job.
  const source = openCollected(lab.server, labLogGroup, context.clock);
  const watch = input.watch
    ? (): Watch => ({ told: watchWithin(source, context.clock, randomInt(2 ** 32), context.signal) })
    : null;
  return await job(context, input, read, { watch, drift: null, publish: null, send: null });
}

async function sayNamespaceLog(context: Context, whose: keyof typeof namespaceLogNotices): Promise<void> {
  if (await logsOfAllNamespaces(context.kernel.run, context.signal)) {
    await say(context, { kind: 'notice', text: namespaceLogNotices[whose] });
  }
}

/** What watches the logged packets. */
interface Watch {
  readonly told: AsyncIterable<Told>;
  /** The host was read anew. */
  readAgain?(host: Host): void;
}

/** What is done beside reading and auditing. */
interface Beside {
  readonly watch: ((host: Host) => Watch) | null;
  readonly drift: (() => AsyncIterable<Noticed>) | null;
  readonly publish: ((subject: Live) => Publishing) | null;
  readonly send: (() => AsyncIterable<SenderTold>) | null;
}

/** The same job on whatever `read` reads and `watch` watches. */
async function job(
  context: Context,
  input: UpInput,
  read: Sources['read'],
  { watch, drift, publish, send }: Beside,
): Promise<Outcome<UpPart>> {
  const now = (): number => context.clock.now();
  const spent: Spent = { readMs: 0, auditMs: 0 };
  context.progress('reading the firewall');
  const subject = await live({
    async read(before) {
      const began = now();
      const reading = await read(before);
      spent.readMs = now() - began;
      spent.auditMs = 0;
      if (before === null) context.progress('auditing');
      return reading;
    },
    async audit(host) {
      const began = now();
      const audited = await auditAside(context.kernel.run, host, context.signal);
      spent.auditMs = now() - began;
      return audited;
    },
    now,
  });
  // An audit that Ctrl-C cut short says nothing.
  if (context.signal.aborted) return { kind: 'done', value: null };
  await sayAudited(context, subject, false);
  if (input.once) return { kind: 'done', value: null };
  const closing: Promise<unknown>[] = [];
  if (input.web) {
    const serving = await context.serve(subject.served, { port: input.port, host: '127.0.0.1' }, context.signal);
    if (!serving.ok) {
      const taken = serving.why === 'port-in-use';
      const message = taken ? `port ${input.port} on 127.0.0.1 is taken` : `the page cannot be served: ${serving.detail}`;
      return { kind: 'invalid', problems: [{ code: 'port-in-use', message, hint: 'say another with --port, or --no-web' }] };
    }
    closing.push(serving.closed);
    await say(context, {
      kind: 'serving',
      url: serving.url,
      tunnel: `ssh -L ${serving.port}:127.0.0.1:${serving.port} ${hostname()}`,
    });
  }
  // Before others write the store, which it may have to begin.
  await using publishing = publish?.(subject) ?? null;
  await publishing?.read(subject.current(), spent, longestRestMs(spent));
  const watching = watch?.(subject.current().host) ?? null;
  if (watching === null) await say(context, { kind: 'watching', sources: [] });
  const bell = createBell(context.signal);
  closing.push(refreshing(context, subject, spent, bell, publishing, (host) => watching?.readAgain?.(host)));
  if (watching !== null) closing.push(following(context, subject, watching, publishing));
  if (drift !== null) closing.push(noticing(context, drift, bell, publishing));
  if (send !== null) closing.push(sending(context, send));
  await Promise.all(closing);
  await say(context, { kind: 'ended' });
  return { kind: 'done', value: null };
}

/** What the latest reading took, and the audit that followed it, if one did. */
interface Spent {
  readMs: number;
  auditMs: number;
}

/** Rings when something changed that is to be read at once. */
interface Bell {
  ring(): void;
  /** Resolves when it rings, or after so long; false when the signal came first. */
  wait(forMs: number): Promise<boolean>;
}

function createBell(signal: AbortSignal): Bell {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    async wait(forMs) {
      const stop = new AbortController();
      wake = () => stop.abort();
      if (!rung) await pause(forMs, AbortSignal.any([signal, stop.signal]));
      wake = undefined;
      rung = false;
      return !signal.aborted;
    },
  };
}

/**
 * Reads anew when the firewall changed; and every ten seconds while somebody has the page open, else every minute, or so seldom that
 * reading takes at most a twentieth of the time, or a two-hundredth, and auditing a quarter.
 */
async function refreshing(
  context: Context,
  subject: Live,
  spent: Spent,
  bell: Bell,
  publishing: Publishing | null,
  readAgain: (host: Host) => void,
): Promise<void> {
  const restMs = (): number =>
    subject.isLookedAt() ? Math.max(10_000, 20 * spent.readMs, 3 * spent.auditMs) : longestRestMs(spent);
  while (await bell.wait(restMs())) {
    const { changed } = await subject.refresh();
    // A reading that Ctrl-C cut short says nothing.
    if (context.signal.aborted) return;
    readAgain(subject.current().host);
    if (changed) await sayAudited(context, subject, true);
    await publishing?.read(subject.current(), spent, longestRestMs(spent));
    // However often somebody changes it, half of the time is for others.
    await pause(Math.max(1000, spent.readMs + spent.auditMs), context.signal);
  }
}

/** While nobody looks, so long passes between two readings at most. */
function longestRestMs({ readMs }: Spent): number {
  return Math.max(60_000, 200 * readMs);
}

async function noticing(
  context: Context,
  drift: () => AsyncIterable<Noticed>,
  bell: Bell,
  publishing: Publishing | null,
): Promise<void> {
  for await (const noticed of drift()) {
    if (noticed.kind === 'changed') bell.ring();
    await publishing?.noticed(noticed);
    const part = partOf(context, noticed);
    if (part !== null) await say(context, { kind: 'drift', drift: part });
  }
}

async function following(context: Context, subject: Live, { told }: Watch, publishing: Publishing | null): Promise<void> {
  for await (const said of told) {
    publishing?.told(said);
    switch (said.kind) {
      case 'watching':
        subject.known(said.known.incidents, said.known.bans);
        await say(context, { kind: 'watching', sources: said.sources.map(({ name }) => name) });
        break;
      case 'taken':
      case 'failed':
        await say(context, { kind: 'notice', text: `Logged packets are not watched: ${problemLine(said.problem)}.` });
        break;
      case 'unavailable':
        await say(context, { kind: 'notice', text: `${said.source} is not watched: ${problemLine(said.problem)}.` });
        break;
      case 'notice':
        await say(context, said);
        break;
      case 'event':
        subject.logged(said.event);
        await say(context, said);
        break;
      case 'more':
        subject.more(said.count);
        await say(context, said);
        break;
      case 'lost':
        subject.lost(said.count);
        await say(context, said);
        break;
      case 'incident':
        subject.happened(said);
        await say(context, { ...said.incident, change: said.change });
        break;
      case 'ban':
        subject.happened(said);
        await say(context, { ...said.ban, acted: said.acted });
        break;
    }
  }
}

async function sending(context: Context, send: () => AsyncIterable<SenderTold>): Promise<void> {
  for await (const said of send()) {
    switch (said.kind) {
      case 'sending': {
        const names = [...said.channels, ...said.reports];
        if (names.length > 0) await say(context, { kind: 'notice', text: `Alerts and reports go to ${names.join(', ')}.` });
        break;
      }
      case 'taken':
      case 'failed':
        await say(context, { kind: 'notice', text: `Nobody is told of incidents: ${problemLine(said.problem)}.` });
        break;
      case 'notice':
        await say(context, said);
        break;
    }
  }
}

async function sayAudited(context: Context, subject: Live, changed: boolean): Promise<void> {
  const { host, report } = subject.current();
  const audit = reportToJson(host.name, host.readAt, report);
  await say(context, { kind: 'audited', changed, at: context.clock.now() / 1000, status: statusOf(host, report), audit });
}

function say(context: Context, part: UpPart): Promise<void> {
  return context.part(part);
}

/** False when the signal came first. */
function pause(forMs: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve(true);
    }, forMs);
    const stop = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** Our own Node, running the lab's actor from sources or from a release. */
function actorCommand(person: string): readonly string[] {
  const script = import.meta.url.endsWith('.ts') ? './lab/actor.ts' : './lab-actor.js';
  return [process.execPath, new URL(script, import.meta.url).pathname, person];
}
