/**
 * What each rule has met, kept across reloads: the kernel forgets a rule's counters whenever somebody loads it anew.
 *
 * Pure: readings in, sums out. It knows no ruleset (whoever reads says what a rule's words are) and keeps no file. Called by whoever watches
 * a host.
 */
export { type Counted, type Counters, createCounters, type Hits, twinNames } from './hits.ts';
