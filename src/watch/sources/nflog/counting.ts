import { cpus } from 'node:os';
import type { Handed, Nflog } from '../../../kernel/index.ts';
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
/** Once all is known, it is read whether it is still so; of many rules more seldom, so that it costs at most one part in so many. */
const checkMs = 10_000;
const checkShare = 1000;
/** All rules are looked at more seldom: others that log to the group are noticed sooner, by what does not agree any more. */
const lookMs = 60_000;
const lookShare = 2000;

/**
 * A reading lies between two moments of which it is known how many packets had come: it begins when nothing is left to receive, and is closed by what was
 * received right after it.
 *
 * @param wake it wants its turn now
 */
export function createCounting(
  nflog: Nflog,
  handed: Handed | { readonly why: string },
  before: Place | null,
  wake: () => void,
): Counting {
  const account = createAccount(before, cpus().length);
  let gap: Gap | null = null;
  let isNews = false;
  let isLooking = false;
  let isSettling = true;
  let until = 0;
  let nextAt = 0;
  let lookAt = 0;
  let closeAt = 0;
  let open: { readonly met: number; readonly before: number; readonly at: number } | null = null;
  settle();

  function lookAgain(then: (isOther: boolean) => void): void {
    const began = performance.now();
    isLooking = true;
    const looked = 'why' in handed ? Promise.resolve({ kind: 'uncounted', why: handed.why } as const) : handed.look();
    void looked.then((look) => {
      const now = performance.now();
      isLooking = false;
      lookAt = now + Math.max(lookMs, lookShare * (now - began));
      then(account.looked(look));
      wake();
    });
  }

  function settle(): void {
    isSettling = true;
    open = null;
    nflog.oneByOne(true);
    lookAgain(() => {
      until = performance.now() + settleMs;
      nextAt = 0;
    });
  }

  /** Nobody waits any longer. */
  function settled(): void {
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
    if (!isSo) settle();
    else if (!isSettling) gap ??= account.gap();
  }

  function numbered(): number {
    return nflog.received() + nflog.lost();
  }

  /** False: the rules are others. */
  function read(): boolean {
    if ('why' in handed) return false;
    const before = numbered();
    const began = performance.now();
    const met = handed.count();
    const at = performance.now();
    nextAt = at + (isSettling ? Math.max(leastMs, share * (at - began)) : Math.max(checkMs, checkShare * (at - began)));
    closeAt = at;
    open = met === null ? null : { met, before, at };
    return met !== null;
  }

  return {
    turn(isDrained) {
      if (isLooking) return false;
      if (isDrained) close();
      if (isLooking) return false;
      const now = performance.now();
      if (isSettling && (account.isSettled() || now > until)) {
        // Once more where something is to be said: so that it is known of all that was read whether counters were set back.
        if (!account.hasGap()) settled();
        else
          lookAgain((isOther) => {
            if (!isOther || account.isSettled()) settled();
          });
        return false;
      }
      if (!isDrained || open !== null || now < nextAt) return false;
      if (now >= lookAt) {
        lookAgain((isOther) => {
          if (isOther) settle();
        });
        return false;
      }
      if (account.isUncounted()) {
        nextAt = lookAt;
        return false;
      }
      const isRead = read();
      if (!isRead) settle();
      return isRead;
    },
    nextAt: () => (isLooking ? Number.POSITIVE_INFINITY : open === null ? nextAt : closeAt),
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
