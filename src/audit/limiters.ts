import type { Trace } from '../model/packet/index.ts';
import { allowing, denying, endingsOf } from './blame.ts';

/** Answers with how much comes: limit, hashlimit, connlimit, and recent where it asks; not `recent --set`, which lets all pass. */
export function isLimiter(match: string): boolean {
  if (/-m (limit|hashlimit|connlimit)\b/.test(match)) return true;
  return /-m recent\b/.test(match) && /--(update|rcheck)\b/.test(match);
}

/** Whether some packets of this kind are let in and some denied, and a limiter makes the difference. */
export function isLimited(trace: Trace): boolean {
  const endings = endingsOf(trace);
  return endings.some(
    (way) =>
      allowing.includes(way.verdict) &&
      endings.some((other) => {
        if (!denying.includes(other.verdict)) return false;
        const both = Object.keys(way.when).filter((match) => Object.hasOwn(other.when, match));
        const differing = both.filter((match) => way.when[match] !== other.when[match]);
        return differing.length > 0 && differing.every(isLimiter);
      }),
  );
}
