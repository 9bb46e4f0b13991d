import type { Kept } from './folder.ts';

/** Of each kind of period, how many latest ones keep their last snapshot; and how many of the newest stay whatever their age. */
export interface Keeping {
  readonly last: number;
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

/** Names of periods, in UTC, so that no change of the clock to summer time makes two of one. */
const periods: Readonly<Record<Exclude<keyof Keeping, 'last'>, (at: number) => string>> = {
  hourly: (at) => new Date(at).toISOString().slice(0, 13),
  daily: (at) => new Date(at).toISOString().slice(0, 10),
  // Weeks begin on Mondays; the first of January 1970 was a Thursday.
  weekly: (at) => String(Math.floor((at / 86_400_000 + 3) / 7)),
  monthly: (at) => new Date(at).toISOString().slice(0, 7),
};

/**
 * Which snapshots can go: those that no period of {@link Keeping} keeps. Never those that `needed` says, and those with a tag, which
 * somebody wanted to find again. What bears a time of the future was taken while the clock was wrong: nobody knows its age, and it stays.
 *
 * @param kept the newest first
 * @param now epoch milliseconds
 */
export function prunable(kept: readonly Kept[], keeping: Keeping, needed: ReadonlySet<string>, now: number): readonly Kept[] {
  const stays = new Set([...needed, ...kept.slice(0, keeping.last).map(({ id }) => id)]);
  const dated = kept.filter(({ meta }) => meta.at <= now).toSorted((one, other) => other.meta.at - one.meta.at);
  for (const [kind, periodOf] of Object.entries(periods)) {
    const seen = new Set<string>();
    for (const { id, meta } of dated) {
      const period = periodOf(meta.at);
      if (seen.has(period)) continue;
      if (seen.size >= keeping[kind as keyof typeof periods]) break;
      seen.add(period);
      stays.add(id);
    }
  }
  return kept.filter(({ id, meta }) => !stays.has(id) && meta.tag === null && meta.at <= now);
}
