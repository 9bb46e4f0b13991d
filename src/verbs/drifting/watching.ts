import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '../../change/index.ts';
import type { By, Change } from '../../kernel/index.ts';
import type { Problem } from '../../result.ts';
import type { Context } from '../verb.ts';
import { isChanging } from './changing.ts';
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
  | { readonly kind: 'drifted'; readonly seen: Extract<Onlooked, { kind: 'seen' }>; readonly by: By | null }
  /** The host is as it was accepted again. */
  | { readonly kind: 'settled' }
  | { readonly kind: 'failed'; readonly problems: readonly Problem[] };

/** So long after a first change others of the same hand are waited for. */
const gatherMs = 30;
/** While palisade changes the firewall itself. */
const busyMs = 300;
const mostBusyMs = 5000;
const longestMs = 120_000;

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
  let told: Errand['told'] = null;
  let first = true;
  while (!signal.aborted) {
    const by: By | null = first ? null : await gathered.next();
    if (signal.aborted) return;
    if (!first) yield { kind: 'changed' };
    const seen = await looked(context, { repair, removeForeign, actor: actorOf(by), told });
    if (seen === null) return;
    if (first && seen.kind === 'seen') yield { kind: 'watching', accepted: seen.accepted, problems: changes.problems };
    if (seen.kind === 'failed') yield { kind: 'failed', problems: seen.problems };
    else {
      first = false;
      if (seen.digest !== null && seen.digest !== told) yield { kind: 'drifted', seen, by };
      const isOver: boolean = seen.digest === null || seen.repaired?.kind === 'repaired';
      if (seen.digest === null && told !== null) yield { kind: 'settled' };
      told = isOver ? null : seen.digest;
    }
    // What could not be looked at is tried again, and not only when it changes once more.
    if (seen.kind === 'failed') await pause(10_000, signal);
  }
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
    // Without another process for each look.
    while (isChanging(stateFolder) && !signal.aborted) await pause(busyMs, signal);
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
    const seen = JSON.parse(Buffer.from(ran.stdout, 'latin1').toString('utf8')) as Onlooked;
    if (seen.kind !== 'busy') return seen;
    await pause(waitMs, signal);
  }
}

/** Changes of the same moment, as one; who made them, where one hand is known to have made all. */
function gather(changes: AsyncIterable<Change>, signal: AbortSignal): { next(): Promise<By | null> } {
  const iterator = changes[Symbol.asyncIterator]();
  let pending = iterator.next();
  return {
    async next() {
      const first = await pending;
      if (first.done === true) return null;
      const all: Change[] = [first.value];
      pending = iterator.next();
      const until = performance.now() + gatherMs;
      for (;;) {
        const left = until - performance.now();
        if (left <= 0 || signal.aborted) break;
        const more = await Promise.race([pending, pause(left, signal)]);
        if (more === undefined || more.done === true) break;
        all.push(more.value);
        pending = iterator.next();
      }
      return handOf(all);
    },
  };
}

function handOf(changes: readonly Change[]): By | null {
  const hands = changes.flatMap((change) => ('by' in change && change.by.how !== 'unknown' ? [change.by] : []));
  return hands[0] ?? null;
}

/** For the journal, only whom the kernel itself has named. */
function actorOf(by: By | null): Actor | null {
  const [process] = by !== null && (by.how === 'named' || by.how === 'audited') ? by.processes : [];
  if (process === undefined) return null;
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
