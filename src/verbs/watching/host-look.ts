import { readFileSync } from 'node:fs';
import { banSetNames, type SetFill, setFills } from '../../kernel/index.ts';
import { type ConntrackLosses, parseLosses } from '../../model/host/index.ts';
import type { Observation } from '../../watch/index.ts';

/** Counting the members of large sets takes a while: at most one part of the time in so many. */
const share = 500;
/** Sets of a policy, whose names say what they hold: they are made as large as that, and never get more. */
const ofPolicy = /^PAL[46]-[0-9a-f]+$/;
const shutsOut: ReadonlySet<string> = new Set(
  [banSetNames.new, banSetNames.all, banSetNames.list].flatMap((names) => Object.values(names)),
);

/** What no event tells of the host itself, each time it is asked: how full its table of connections and its sets are. `at`: epoch milliseconds. */
export function createHostLook(
  read: { readonly fills: () => readonly SetFill[] | null; readonly text: (path: string) => string | null } = {
    fills: setFills,
    text: textOf,
  },
): (at: number) => readonly Observation[] {
  let losses: ConntrackLosses | null = null;
  let setsAt = Number.NEGATIVE_INFINITY;

  function* connections(at: number): Generator<Observation> {
    const [entries, limit] = ['count', 'max'].map((name) => read.text(`/proc/sys/net/netfilter/nf_conntrack_${name}`));
    // Without it the kernel tracks no connections.
    if (entries === undefined || entries === null || limit === undefined || limit === null) return;
    yield { kind: 'conntrack', at, entries: Number(entries), limit: Number(limit) };
    const before = losses;
    losses = parseLosses(read.text('/proc/net/stat/nf_conntrack') ?? '') ?? null;
    // What was before the first look was seen by whoever looked then.
    if (before === null || losses === null) return;
    const packets = losses.dropped - before.dropped;
    const evicted = losses.earlyDropped - before.earlyDropped;
    if (packets > 0 || evicted > 0)
      yield { kind: 'conntrack-dropped', at, packets: Math.max(0, packets), evicted: Math.max(0, evicted) };
  }

  function* sets(at: number): Generator<Observation> {
    const began = performance.now();
    if (began < setsAt) return;
    for (const { name, members, most } of read.fills() ?? []) {
      if (ofPolicy.test(name)) continue;
      yield { kind: 'set-fill', at, set: name, entries: members, limit: most, shutsOut: shutsOut.has(name) };
    }
    setsAt = began + share * (performance.now() - began);
  }

  return (at) => [...connections(at), ...sets(at)];
}

/** `null`: no such part of the kernel. */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
