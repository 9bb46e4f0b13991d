import type { Packet } from './packet.ts';

/** One thing that is written to the log at a moment (epoch milliseconds, with fractions). */
export type Entry =
  | { readonly at: number; readonly kind: 'packet'; readonly packet: Packet }
  /** What a program has syslog write. */
  | { readonly at: number; readonly kind: 'said'; readonly tag: string; readonly text: string }
  /** A line as it stands, without any head: the rest of a message of several lines. */
  | { readonly at: number; readonly kind: 'bare'; readonly text: string }
  /** A line of the journal, with the fields that journald vouches for. */
  | { readonly at: number; readonly kind: 'journal'; readonly text: string; readonly fields: Readonly<Record<string, string>> };

/** What the judge is told of one attack. `deserves` is the least that should come of it. */
export interface Label {
  readonly kind: Kind;
  /** Addresses as text; of IPv6 the /64, as FIRST::/64. Empty where nobody can be named. */
  readonly sources: readonly string[];
  readonly targets: readonly string[];
  readonly deserves: 'ban' | 'incident';
}

export interface Attack extends Label {
  readonly entries: Iterable<Entry>;
}

/** Somebody who does no harm, whatever it looks like. */
export interface Innocent {
  readonly kind: string;
  readonly sources: readonly string[];
  readonly entries: Iterable<Entry>;
}

export type Kind =
  | 'vertical'
  | 'vertical-6'
  | 'horizontal'
  | 'ping-sweep'
  | 'slow'
  | 'distributed'
  | 'botnet-24'
  | 'fin'
  | 'null'
  | 'xmas'
  | 'ack'
  | 'maimon'
  | 'udp-scan'
  | 'decoys'
  | 'ssh-limit'
  | 'ssh-logins'
  | 'ssh-slow'
  | 'ssh-distributed'
  | 'service'
  | 'syn-flood-spoofed'
  | 'syn-flood'
  | 'udp-flood'
  | 'udp-reflection'
  | 'icmp-flood'
  | 'rotating-6'
  | 'martian'
  | 'own-address'
  | 'outbound'
  | 'metadata'
  | 'prefix-scan';

/** Entries of many streams, each in order of time, as one. */
export function* inOrder<Of>(streams: readonly { readonly of: Of; readonly entries: Iterable<Entry> }[]): Generator<{
  readonly of: Of;
  readonly entry: Entry;
}> {
  const heap: { of: Of; entry: Entry; rest: Iterator<Entry> }[] = [];
  const sink = (from: number): void => {
    const moved = heap[from] as (typeof heap)[number];
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1]?.entry.at ?? 0) < (heap[child]?.entry.at ?? 0)) child += 1;
      if ((heap[child]?.entry.at ?? 0) >= moved.entry.at) break;
      heap[at] = heap[child] as (typeof heap)[number];
      at = child;
    }
    heap[at] = moved;
  };
  for (const { of, entries } of streams) {
    const rest = entries[Symbol.iterator]();
    const first = rest.next();
    if (first.done !== true) heap.push({ of, entry: first.value, rest });
  }
  for (let at = heap.length >> 1; at >= 0; at -= 1) if (at < heap.length) sink(at);
  while (heap.length > 0) {
    const top = heap[0] as (typeof heap)[number];
    const { entry } = top;
    yield { of: top.of, entry };
    const next = top.rest.next();
    if (next.done === true) {
      const last = heap.pop() as (typeof heap)[number];
      if (heap.length === 0) return;
      if (last !== top) heap[0] = last;
    } else {
      if (next.value.at < entry.at) throw new Error('a stream goes back in time');
      top.entry = next.value;
    }
    sink(0);
  }
}

/** Packets at times that are not in order, put in order. For streams that fit into memory. */
export function sorted(entries: Entry[]): Entry[] {
  return entries.sort((a, b) => a.at - b.at);
}
