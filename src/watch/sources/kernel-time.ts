import type { Clock } from '../../clock.ts';

/** What the kernel's clock may drift from the steady one, per million (adjtimex(2): NTP slews by at most 500). */
const drift = 500e-6;

/** Wall time of what the kernel stamped with its own clock, which begins with the machine and which nobody may read directly. */
export interface KernelTime {
  /** A record was just read that had just been written. */
  seen(sinceBootUs: number): void;
  /** Epoch milliseconds. */
  wall(sinceBootUs: number): number;
}

/**
 * The kernel's clock goes like the steady one (CLOCK_MONOTONIC), which adjusts its speed: the two drift apart by seconds in a day at most. How far they are
 * apart is the least that was seen between a record's stamp and the moment at which it was read, since reading only ever comes later; what was seen
 * long ago counts less, as the drift may have grown by.
 *
 * @param steadyUs microseconds of the steady clock.
 */
export function createKernelTime(
  clock: Clock,
  steadyUs: () => number = () => Number(process.hrtime.bigint() / 1000n),
): KernelTime {
  let ahead: number | null = null;
  let seenAt = 0;
  return {
    seen(sinceBootUs) {
      const now = steadyUs();
      const gap = now - sinceBootUs;
      if (ahead !== null && gap > ahead + (now - seenAt) * drift) return;
      ahead = gap;
      seenAt = now;
    },
    wall: (sinceBootUs) => clock.now() - (steadyUs() - (ahead ?? 0) - sinceBootUs) / 1000,
  };
}
