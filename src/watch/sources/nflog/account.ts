import type { HandedLook } from '../../../kernel/index.ts';
import { type Bounds, createStart, type Reading } from './bounds.ts';
import type { Counted, Place } from './place.ts';

/** What was logged while nobody read. `more`: packets to be counted as lost that were not yet. */
export type Gap =
  | { readonly kind: 'counted'; readonly packets: number; readonly more: number }
  /** It may be said again, exactly, once that is known. */
  | { readonly kind: 'between'; readonly low: number; readonly high: number; readonly more: number }
  /** `why` is the end of a sentence with "since". */
  | { readonly kind: 'unknown'; readonly why: string };

/** What was read of a group, and what its rules say that there was. */
export interface Account {
  /** The rules were looked at. True: they are others than at the last look. */
  looked(look: HandedLook): boolean;
  /** False: it contradicts what was read before; the rules should be looked at again. */
  took(reading: Reading): boolean;
  /** Whether the rules, or whatever logs beside them, tell nothing. */
  isUncounted(): boolean;
  /** Whether it is known what the counters stood at when the reading of the group began, or cannot be. */
  isSettled(): boolean;
  /**
   * What was logged between the place that reading goes on at and its beginning, once, as well as it is known now; `null`: nothing is left to be
   * said, or too little known.
   */
  gap(): Gap | null;
  /** Whether anything is left to be said of a gap. */
  hasGap(): boolean;
  /** Where it has come to with so many packets, as they are numbered. */
  place(packets: number, at: number): Place;
}

/** Counters that are kept of the rules, and as many of others in their tables: one of them is smaller if they were begun anew. */
const mostWitnesses = 8;
/** What counts differently so often, although the rules are the same, is not counted by them alone. */
const mostContradictions = 3;
const unsettled = 'it was not known yet what their counters had begun at';

/**
 * The counter of a rule goes on while nobody reads its group. What all rules of a group have met comes to a number; so do the packets that were read or said
 * to be lost, counted on from what the counters stood at when reading began. The difference is what is missing: exactly, however often whoever
 * reads is killed, since the second number is kept with the events.
 *
 * Counters begin anew where rules are made anew. Then nothing is known, which is said; that it was so is seen by the rules, or by any counter
 * that is smaller than before.
 *
 * @param before where an earlier reading came to; `null`: this is the first
 * @param processors of the machine
 */
export function createAccount(before: Place | null, processors: number): Account {
  let pending = before;
  /** Of a gap of which only bounds are known: that they were said, and how many packets were counted as lost. */
  let hasSaid = false;
  let said = 0;
  let start = createStart(processors);
  let look: HandedLook | null = null;
  let contradictions = 0;
  let witnesses: Readonly<Record<string, number>> = {};

  const uncounted = (): string | null => {
    if (look?.kind === 'uncounted') return look.why;
    return contradictions >= mostContradictions
      ? 'something beside its rules logs to it, or their counters are set back again and again'
      : null;
  };
  const gapSince = (counted: Place['counted']): Size | null => {
    const why = uncounted();
    if (why !== null) return { kind: 'unknown', why };
    const bounds = start.bounds();
    return look?.kind !== 'counted' || !Number.isFinite(bounds.low) ? null : gapBetween(counted, look, bounds);
  };
  const countedAt = (packets: number): Place['counted'] => {
    const why = uncounted();
    if (why !== null) return { why };
    const { low, high } = start.bounds();
    if (look?.kind !== 'counted' || !Number.isFinite(low) || !Number.isFinite(high)) return { why: unsettled };
    return { low: low + packets, high: high + packets, origin: look.origin, rules: look.rules, witnesses };
  };

  return {
    looked(next) {
      const isOther =
        look === null ||
        look.kind !== next.kind ||
        (look.kind === 'counted' && next.kind === 'counted' && look.rules !== next.rules);
      look = next;
      witnesses = next.kind === 'counted' ? witnessesOf(next) : {};
      if (isOther) {
        start = createStart(processors);
        contradictions = 0;
      }
      return isOther;
    },
    took(reading) {
      const isSo = start.take(reading);
      if (!isSo) contradictions += 1;
      return isSo;
    },
    isUncounted: () => uncounted() !== null,
    isSettled: () => start.isExact() || uncounted() !== null,
    hasGap: () => pending !== null,
    gap() {
      if (pending === null) return null;
      const gap = gapSince(pending.counted);
      if (gap === null || (gap.kind === 'between' && hasSaid)) return null;
      hasSaid = true;
      if (gap.kind !== 'between') pending = null;
      if (gap.kind === 'unknown') return gap;
      const more = (gap.kind === 'counted' ? gap.packets : gap.low) - said;
      said += more;
      return { ...gap, more };
    },
    place(packets, at) {
      if (pending === null) return { at, since: null, counted: countedAt(packets) };
      const { counted, since } = pending;
      // What is missing is still to be told from where it was; what came since is in the store, and what was said already.
      const more = packets + said;
      const shifted = 'why' in counted ? counted : { ...counted, low: counted.low + more, high: counted.high + more };
      return { at, since: since ?? pending.at, counted: shifted };
    },
  };
}

type Size =
  | { readonly kind: 'counted'; readonly packets: number }
  | ({ readonly kind: 'between' } & Bounds)
  | (Gap & { readonly kind: 'unknown' });

function gapBetween(before: Place['counted'], now: HandedLook & { readonly kind: 'counted' }, start: Bounds): Size {
  const unknown = (why: string): Size => ({ kind: 'unknown', why });
  if ('why' in before) return unknown(before.why);
  if (before.origin !== now.origin) return unknown('the machine was started anew, or this is another network namespace');
  if (before.rules !== now.rules) return unknown('the rules that log to it were changed or loaded anew meanwhile');
  const low = start.low - before.high;
  const high = start.high - before.low;
  if (isBegunAnew(before, now) || high < 0) return unknown('the counters of its rules were set back meanwhile');
  if (low === high) return { kind: 'counted', packets: low };
  return { kind: 'between', low: Math.max(0, low), high };
}

/** A rule that is gone says nothing. */
function isBegunAnew({ witnesses }: Counted, { counters }: { readonly counters: ReadonlyMap<string, number> }): boolean {
  return Object.entries(witnesses).some(([name, packets]) => (counters.get(name) ?? packets) < packets);
}

/** Those that count most: they take longest to come back to where they were. */
function witnessesOf({ names, counters }: { readonly names: readonly string[]; readonly counters: ReadonlyMap<string, number> }) {
  const own = new Set(names);
  const most = [...counters].filter(([, packets]) => packets > 0).sort(([, one], [, other]) => other - one);
  const [ours, others] = [true, false].map((isOwn) => most.filter(([name]) => own.has(name) === isOwn).slice(0, mostWitnesses));
  return Object.fromEntries([...(ours ?? []), ...(others ?? [])]);
}
