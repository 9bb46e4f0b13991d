import { cpus } from 'node:os';
import type { Handed, HandedLook, Nflog } from '../../../kernel/index.ts';
import { createAccount, type Gap } from './account.ts';
import type { Place } from './place.ts';

/** Reads the counters of a group's rules at the moments at which that tells most. Times are those of `performance.now()`. */
export interface Counting {
  /**
   * Something was received, or nothing was left to. True: counters were read, and what came meanwhile must be received at once.
   *
   * @param isDrained nothing is left to receive
   */
  turn(isDrained: boolean): boolean;
  /** When it wants its turn, though nothing comes. */
  nextAt(): number;
  /** What was logged since the place that reading goes on at, as soon as that is known; once. */
  gap(): Gap | null;
  /** The place is to be kept, though nothing came: more is known of it. */
  isNews(): boolean;
  /** @param packets that were received or said to be lost */
  place(packets: number, at: number): Place;
}

/** Under a flood, exact readings come by chance. So long they are tried for. */
const settleMs = 10_000;
/** Between readings; and so many times as long as they take. */
const leastMs = 4;
const share = 4;
/** So long after a reading it is closed at the latest, but where packets were dropped. */
const closeMs = 1000;
/** Once all is known, it is looked whether it is still so; of many rules more seldom, so that it costs at most one part in so many. */
const checkMs = 10_000;
const checkShare = 500;

/**
 * A reading lies between two moments of which it is known how many packets had come: it begins when nothing is left to receive, and is closed by what was
 * received right after it.
 */
export function createCounting(nflog: Nflog, handed: Handed | { readonly why: string }, before: Place | null): Counting {
  const account = createAccount(before, cpus().length);
  const look = (): HandedLook => ('why' in handed ? { kind: 'uncounted', why: handed.why } : handed.look());
  let gap: Gap | null = null;
  let isNews = false;
  let isSettling = true;
  let until = 0;
  let nextAt = 0;
  let lookAt = 0;
  let closeAt = 0;
  let open: { readonly met: number; readonly before: number; readonly at: number } | null = null;
  settle();

  function lookAgain(): boolean {
    const began = performance.now();
    const isOther = account.looked(look());
    const now = performance.now();
    lookAt = now + Math.max(checkMs, checkShare * (now - began));
    return isOther;
  }

  function settle(): void {
    isSettling = true;
    until = performance.now() + settleMs;
    nextAt = 0;
    open = null;
    nflog.oneByOne(true);
    lookAgain();
  }

  /** Nobody waits any longer. */
  function settled(): void {
    // Last of all, so that it is known of all that was read whether counters were set back.
    if (lookAgain() && !account.isSettled()) {
      settle();
      return;
    }
    isSettling = false;
    isNews = true;
    gap ??= account.gap();
    nflog.oneByOne(false);
    nextAt = performance.now() + checkMs;
  }

  function close(): void {
    if (open === null) return;
    const now = performance.now();
    if (nflog.wholeUntil() < open.at) {
      // Until the next packet, where some were dropped.
      closeAt = now + (now - open.at > closeMs ? closeMs : leastMs);
      return;
    }
    const isSo = account.took({ ...open, after: numbered() });
    open = null;
    if (isSo && !isSettling) gap ??= account.gap();
    if (isSo) return;
    if (isSettling) lookAgain();
    else settle();
  }

  function numbered(): number {
    return nflog.received() + nflog.lost();
  }

  /** `null`: the rules are others, or cannot be counted. */
  function read(): typeof open {
    if ('why' in handed) return null;
    const before = numbered();
    const began = performance.now();
    const met = handed.count();
    const at = performance.now();
    nextAt = isSettling ? at + Math.max(leastMs, share * (at - began)) : Math.max(at + checkMs, lookAt);
    closeAt = at;
    return met === null ? null : { met, before, at };
  }

  return {
    turn(isDrained) {
      if (isDrained) close();
      const now = performance.now();
      if (isSettling && (account.isSettled() || now > until)) settled();
      if (!isDrained || open !== null || now < nextAt) return false;
      nextAt = now + (isSettling ? leastMs : checkMs);
      const isOther = !isSettling && now >= lookAt && lookAgain();
      open = isOther ? null : read();
      if (open !== null) return true;
      if (isOther || lookAgain()) settle();
      return false;
    },
    nextAt: () => (open === null ? nextAt : closeAt),
    gap() {
      const said = gap;
      gap = null;
      return said;
    },
    isNews() {
      const was = isNews;
      isNews = false;
      return was;
    },
    place: (packets, at) => account.place(packets, at),
  };
}
