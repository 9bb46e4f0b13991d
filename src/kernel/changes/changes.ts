import type { Clock } from '../../clock.ts';
import type { Problem, Result } from '../../result.ts';
import { libc } from '../libc.ts';
import { readModules } from '../modules.ts';
import type { Namespace } from '../namespace.ts';
import type { Run } from '../run.ts';
import { networkOf } from './actor.ts';
import { createAttribution } from './attribution.ts';
import { openAuditLog } from './audit-log.ts';
import type { Change, Part } from './change.ts';
import { createPending } from './pending.ts';
import { followStarts } from './started.ts';
import { createBackends, type Watch, type Watching } from './watch.ts';
import { watchLegacy } from './watch-legacy.ts';
import { watchNft } from './watch-nft.ts';
import { watchSets } from './watch-sets.ts';
import { watchWithTools } from './watch-tools.ts';

export interface ChangesOptions {
  /** Where to look; without it, the network namespace that we are in. */
  readonly namespace?: Namespace;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** auditd's log, if not where its settings say. */
  readonly auditLog?: string;
  /** The least time between two looks at what is looked at; default half a second for iptables-legacy and a second for ipsets. */
  readonly leastMs?: number;
  /** Room for what nf_tables tells; default 8 MiB. */
  readonly receiveBufferBytes?: number;
}

/**
 * Changes of the firewall as they happen, beginning with the moment at which this was handed out: whoever reads the host afterwards and
 * follows this misses none. One reader.
 */
export interface Changes extends AsyncIterable<Change> {
  /** How each part is watched now; `unwatched`: not at all, and a problem says why. */
  watched(): Readonly<Record<Part, ReturnType<Watch['how']> | 'unwatched'>>;
  /** What is not watched, or not well, and what cannot be told. */
  readonly problems: readonly Problem[];
}

/** Begins to watch. Nothing that it does changes the machine: no table is made and no module loaded. Never rejects. */
export async function followChanges(run: Run, clock: Clock, options: ChangesOptions): Promise<Changes> {
  const { namespace, signal } = options;
  const within = namespace ? namespace.run : run;
  const modules = readModules(within, signal);
  const pending = createPending();
  const problems: Problem[] = [];
  const watches: Watch[] = [];
  const closing: (() => void)[] = [];
  let wake: (() => void) | undefined;
  const emit = (change: Change): void => {
    pending.add(change);
    wake?.();
  };
  const backends = createBackends(clock, emit);
  const failed: Part[] = [];
  const take = (part: Part, watch: Result<Watch>): void => {
    if (watch.ok) watches.push(watch.value);
    else {
      failed.push(part);
      problems.push(...watch.problems);
    }
  };

  const loaded = libc();
  if (loaded.ok) {
    const calls = loaded.value;
    const network = networkOf(namespace?.pid ?? 'thread-self');
    const started = followStarts(calls, network, () => performance.now());
    if (!started.ok) problems.push(...started.problems);
    const attribution = createAttribution(started.ok ? started.value : null, openAuditLog(options.auditLog));
    closing.push(() => attribution[Symbol.dispose]());
    const watching: Watching = { calls, pid: namespace?.pid, attribution, clock, backends, emit };
    take('nft', watchNft(watching, await modules.absent('nf_tables'), options.receiveBufferBytes));
    take('legacy', watchLegacy(watching, options.leastMs));
    take('sets', await watchSets(watching, await modules.absent('ip_set'), options.leastMs));
    backends.begin();
  } else {
    failed.push('nft', 'legacy', 'sets');
    problems.push(...loaded.problems);
  }
  if (failed.length > 0 && !signal.aborted) {
    const tools = await watchWithTools({ run: within, modules, clock, signal, emit }, failed);
    if (tools.length > 0) problems.push(seldom);
    watches.push(...tools);
  }

  const close = (): void => {
    for (const watch of watches.splice(0)) watch.close();
    for (const each of closing.splice(0)) each();
    wake?.();
  };
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });

  async function* follow(): AsyncGenerator<Change> {
    try {
      while (!signal.aborted) {
        const change = pending.take();
        if (change !== undefined) yield change;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      signal.removeEventListener('abort', close);
      close();
    }
  }

  return {
    problems,
    watched: () => {
      const how = (part: Part): ReturnType<Watch['how']> | 'unwatched' =>
        watches.find((watch) => watch.part === part)?.how() ?? 'unwatched';
      return { nft: how('nft'), legacy: how('legacy'), sets: how('sets') };
    },
    [Symbol.asyncIterator]: follow,
  };
}

const seldom: Problem = {
  code: 'unread',
  message: 'changes are looked for with iptables-save and ipset, every few seconds at most, and who made them cannot be told',
  hint: 'run palisade as root, with its optional packages installed',
};
