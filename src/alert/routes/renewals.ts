import type { Draft } from './draft.ts';
import type { Tracked } from './tracked.ts';

/**
 * What receivers are told that forget what they are not told again: all that is still so.
 *
 * @param renewed when each channel was last told, which is noted; epoch milliseconds
 * @param most alerts of a message
 * @returns what is told now, and when there is something next
 */
export function renewals(
  tracked: Iterable<Tracked>,
  channels: ReadonlyMap<string, { readonly renewMs: number | null }>,
  renewed: Record<string, number>,
  most: number,
  now: number,
): { readonly drafts: readonly Draft[]; readonly nextAt: number } {
  const drafts: Draft[] = [];
  let nextAt = Number.POSITIVE_INFINITY;
  for (const [channel, { renewMs }] of channels) {
    if (renewMs === null) continue;
    const known = [];
    for (const { id, channels: told } of tracked) {
      const state = told[channel]?.told ?? null;
      if (state === 'firing' || state === 'acknowledged') known.push({ id, state });
    }
    if (known.length === 0) {
      delete renewed[channel];
      continue;
    }
    let last = renewed[channel] ?? now;
    if (now >= last + renewMs) {
      last = now;
      for (let from = 0; from < known.length; from += most)
        drafts.push({
          ...{ channel, kind: 'renewal', thread: `renewal-${from / most}`, more: 0 },
          alerts: known.slice(from, from + most),
        });
    }
    renewed[channel] = last;
    nextAt = Math.min(nextAt, last + renewMs);
  }
  return { drafts, nextAt };
}
