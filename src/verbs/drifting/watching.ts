import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { announcedNow } from '../../change/drift/announcement.ts';
import type { Actor } from '../../change/index.ts';
import { acceptedId } from '../../change/snapshots/accepted.ts';
import type { By, Change } from '../../kernel/index.ts';
import type { Problem } from '../../result.ts';
import type { DriftFoundJson } from '../drift-shape.ts';
import type { Context } from '../verb.ts';
import { isAbandoned, isChanging } from './changing.ts';
import type { Errand, Onlooked } from './onlooking.ts';

/** What is done about a change; what is left out, the configuration says. */
export interface Watching {
  readonly repair: boolean;
  readonly removeForeign: boolean;
}

/** What whoever watches says. */
export type Noticed =
  /** The watch has begun; what stood was taken for what is to be, where nobody had said it. */
  | { readonly kind: 'watching'; readonly accepted: string | null; readonly problems: readonly Problem[] }
  /** Something changed, whether or not it is drift: whoever shows the host reads it again. */
  | { readonly kind: 'changed' }
  /** It was looked at, whatever came of it: how it stands now. */
  | { readonly kind: 'looked'; readonly found: DriftFoundJson }
  | { readonly kind: 'drifted'; readonly seen: Extract<Onlooked, { kind: 'seen' }>; readonly by: By | null }
  /** The host is as it was accepted again. */
  | { readonly kind: 'settled' }
  /** `lasting`: something is not watched any more, whatever looks find. */
  | { readonly kind: 'failed'; readonly problems: readonly Problem[]; readonly lasting?: true };

/** So long after a first change others of the same hand are waited for. */
const gatherMs = 30;
/** So many looks may follow one another at once: whoever changes something now and then is answered at once. */
const mostSpare = 3;
/** In the long run, from the beginning of one look to that of the next: changes without pause do not take a processor, nor half of one. */
const leastMs = 1300;
const mostRestMs = 2000;
/** While palisade changes the firewall itself. */
const busyMs = 300;
const mostBusyMs = 5000;
/** A change of palisade's own whose guard is gone ends with the next command; until then nobody knows what is to be. */
const abandonedMs = 10_000;
const longestMs = 120_000;
/** What could not be looked at is looked at again. */
const failedMs = 1000;
/** What could not be put back is tried again. Each after twice as long as the last time. */
const suspendedMs = 5000;
const mostAgainMs = 600_000;

/**
 * Follows what happens to the firewall until the signal aborts. It stays small: each look is a process of its own, which reads, compares and
 * writes down, and takes its memory with it.
 */
export async function* watchDrift(context: Context, asked: Watching): AsyncGenerator<Noticed> {
  const { signal } = context;
  const { drift } = context.settings;
  const repair = asked.repair || drift.action === 'restore';
  const removeForeign = asked.removeForeign || (repair && drift['remove-foreign']);
  const changes = await context.kernel.changes({ signal });
  const gathered = gather(changes, signal);
  const unsaid = createOnce();
  const unseen = createOnce();
  let told: Errand['told'] = null;
  let by: By | null = null;
  let first = true;
  let againMs = Number.POSITIVE_INFINITY;
  const pace = createPace();
  for (let isNew = true; !signal.aborted; ) {
    if (!isNew) {
      await pause(pace.restMs(), signal);
      // Somebody may accept what has drifted, or announce it, and the kernel tells nobody of that.
      const said = told === null ? null : { was: saidIn(context), now: () => saidIn(context) };
      const next = await gathered.next(againMs, said);
      if (signal.aborted) return;
      if (next.changed) {
        by = next.by;
        yield { kind: 'changed' };
      }
      if (next.problems.length > 0) yield { kind: 'failed', problems: next.problems, lasting: true };
    }
    isNew = false;
    const began = performance.now();
    const seen = await looked(context, { repair, removeForeign, actor: actorOf(by), told });
    if (seen === null) return;
    pace.took(performance.now() - began);
    if (seen.kind === 'failed') {
      if (unseen.isNew(seen.problems)) yield { kind: 'failed', problems: seen.problems };
      againMs = nextMs(againMs, failedMs);
      continue;
    }
    unseen.isNew([]);
    if (first) yield { kind: 'watching', accepted: seen.accepted, problems: changes.problems };
    first = false;
    yield { kind: 'looked', found: seen.found };
    const unknown = seen.found.unknown.map(unknownProblem);
    if (unsaid.isNew(unknown)) yield { kind: 'failed', problems: unknown };
    const isRepaired = seen.repaired?.kind === 'repaired';
    if (seen.digest !== null && (seen.digest !== told || isRepaired)) yield { kind: 'drifted', seen, by };
    if (seen.digest === null && told !== null && unknown.length === 0) yield { kind: 'settled' };
    const isLeft = seen.repaired?.kind === 'suspended' || seen.repaired?.kind === 'failed';
    againMs = isLeft ? nextMs(againMs, suspendedMs) : Number.POSITIVE_INFINITY;
    // What can no longer be compared has not ended by that.
    if (seen.digest !== null || unknown.length === 0) told = isRepaired ? null : seen.digest;
    by = null;
  }
}

/** How soon the next look may begin. */
function createPace(): { took(ms: number): void; restMs(): number } {
  let spare = mostSpare;
  let at = performance.now();
  let lastMs = 0;
  const regained = (): number => {
    const now = performance.now();
    spare = Math.min(mostSpare, spare + (now - at) / leastMs);
    at = now;
    return spare;
  };
  return {
    took(ms) {
      spare = Math.max(0, regained() - 1);
      lastMs = ms;
    },
    restMs: () => (regained() >= 1 ? 0 : Math.max((1 - spare) * leastMs, Math.min(lastMs, mostRestMs))),
  };
}

function nextMs(beforeMs: number, firstMs: number): number {
  return Number.isFinite(beforeMs) ? Math.min(2 * beforeMs, mostAgainMs) : firstMs;
}

function unknownProblem({ what, why, remedy }: Extract<Onlooked, { kind: 'seen' }>['found']['unknown'][number]): Problem {
  return { code: 'unread', message: `what became of ${what} cannot be told: ${why}`, hint: remedy };
}

/** The same again and again is said but once. */
function createOnce(): { isNew(problems: readonly Problem[]): boolean } {
  let before = '';
  return {
    isNew(problems) {
      const now = problems.map(({ message }) => message).join('\n');
      const isNew = now !== '' && now !== before;
      before = now;
      return isNew;
    },
  };
}

/** What somebody has said of how the firewall is to be. */
function saidIn({ stateFolder, clock }: Context): string {
  const state = resolve(stateFolder);
  return `${acceptedId(state)} ${announcedNow(state, clock.now())?.until}`;
}

/** One look; again and again while palisade itself is at work. `null`: it was interrupted. */
async function looked(
  context: Context,
  errand: Pick<Errand, 'actor' | 'told' | 'repair' | 'removeForeign'>,
): Promise<Exclude<Onlooked, { kind: 'busy' }> | null> {
  const { stateFolder, policyFile, settings, signal } = context;
  const script = new URL(import.meta.url.endsWith('.ts') ? './onlooker.ts' : './onlooker.js', import.meta.url).pathname;
  const lockFile = context.env['XTABLES_LOCKFILE'];
  const env = { ...(lockFile !== undefined && { XTABLES_LOCKFILE: lockFile }) };
  const input = JSON.stringify({ ...errand, stateFolder, policyFile, settings, env } satisfies Errand);
  for (let waitMs = busyMs; ; waitMs = Math.min(2 * waitMs, mostBusyMs)) {
    let since = performance.now();
    // Without another process for each look.
    while (isChanging(stateFolder) && !signal.aborted) {
      if (!isAbandoned(stateFolder)) since = performance.now();
      if (performance.now() - since > abandonedMs) return { kind: 'failed', problems: [neverEnded] };
      await pause(busyMs, signal);
    }
    if (signal.aborted) return null;
    const ran = await context.kernel.run({
      argv: [process.execPath, script],
      input: Buffer.from(input),
      timeoutMs: longestMs,
      signal,
      env,
    });
    if (signal.aborted) return null;
    if (ran.kind !== 'exited' || ran.status !== 0) {
      const why = ran.kind === 'exited' ? ran.stderr.trim().split('\n').at(-1) : ran.kind;
      const message = `nobody could look at what was changed (${why})`;
      return { kind: 'failed', problems: [{ code: 'unread', message, hint: 'run palisade drift' }] };
    }
    if (ran.stderr !== '') context.log.warn('a look at the firewall said', { text: ran.stderr });
    const seen = JSON.parse(Buffer.from(ran.stdout, 'latin1').toString('utf8')) as Onlooked;
    if (seen.kind !== 'busy') return seen;
    await pause(waitMs, signal);
  }
}

const neverEnded: Problem = {
  code: 'change-waits',
  message: 'nobody can be told of drift: a change of palisade’s own was cut short, and nobody has ended it since',
  hint: 'run palisade rollback, or palisade confirm',
};

/** What came, and from whom where one hand is known to have made all of it; nothing, where it was only time to look again. */
interface Gathered {
  readonly changed: boolean;
  readonly by: By | null;
  /** What nobody looks at any more. */
  readonly problems: readonly Problem[];
}

const saidEveryMs = 1000;

interface Said {
  readonly was: string;
  now(): string;
}

/** Changes of the same moment, as one. */
function gather(
  changes: AsyncIterable<Change>,
  signal: AbortSignal,
): { next(mostMs: number, said: Said | null): Promise<Gathered> } {
  const iterator = changes[Symbol.asyncIterator]();
  const come: Change[] = [];
  let wake: (() => void) | undefined;
  // One at a time, so that what is not taken is joined; and one who waits, since each would be kept as long as nothing comes.
  let isAsked = false;
  const ask = (): void => {
    if (isAsked) return;
    isAsked = true;
    void iterator.next().then(({ done, value }) => {
      if (done !== true) {
        isAsked = false;
        come.push(value);
      }
      wake?.();
    });
  };
  ask();
  const wait = async (ms: number): Promise<void> => {
    if (come.length > 0) return;
    const stop = new AbortController();
    wake = () => stop.abort();
    await pause(ms, AbortSignal.any([signal, stop.signal]));
    wake = undefined;
  };
  return {
    async next(mostMs, said) {
      const end = performance.now() + mostMs;
      while (come.length === 0 && !signal.aborted) {
        const left = end - performance.now();
        if (left <= 0 || (said !== null && said.now() !== said.was)) return { changed: false, by: null, problems: [] };
        await wait(Math.min(left, said === null ? longestMs : saidEveryMs));
      }
      const until = performance.now() + gatherMs;
      const all = come.splice(0);
      for (let left = gatherMs; left > 0 && !signal.aborted; left = until - performance.now()) {
        ask();
        await wait(left);
        all.push(...come.splice(0));
      }
      ask();
      const problems = all.flatMap((change) => (change.kind === 'unwatched' ? [change.problem] : []));
      return { changed: true, by: handOf(all), problems };
    },
  };
}

/** Of several hands, none is known to be the one that somebody looks for. */
function handOf(changes: readonly Change[]): By | null {
  const hands = changes.flatMap((change) => ('by' in change && change.by.how !== 'unknown' ? [change.by] : []));
  const processes = new Map(hands.flatMap((hand) => hand.processes.map((process) => [process.pid, process] as const)));
  const [hand] = hands;
  if (hand === undefined || processes.size === 1) return hand ?? null;
  return { how: 'ran', processes: [...processes.values()] };
}

/** For the journal, only whom the kernel itself has named. */
function actorOf(by: By | null): Actor | null {
  const [process, another] = by !== null && (by.how === 'named' || by.how === 'audited') ? by.processes : [];
  if (process === undefined || another !== undefined) return null;
  const { pid, program, exe, command, uid, loginUid, parents } = process;
  return {
    pid,
    program: exe ?? program,
    command: command === null ? null : command.join(' '),
    uid,
    loginUid,
    parents: parents.map((parent) => parent.program),
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<undefined> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // Whoever waits looks at the signal.
  }
  return undefined;
}
