import type { Entry } from '../history/entry.ts';

/** Against somebody who writes again and again, palisade would only add to the noise. */
const mostRepairs = 3;
const withinMs = 10 * 60_000;

/**
 * Whether palisade has put its own back so often in the last ten minutes that it now only says what it sees. Entries of a time that is still
 * to come were written before the clock was set back: they count.
 *
 * @param now epoch milliseconds
 */
export function repairsTooOften(entries: readonly Pick<Entry, 'at' | 'what'>[], now: number): boolean {
  return entries.filter(({ at, what }) => what === 'repaired' && at > now - withinMs).length >= mostRepairs;
}
