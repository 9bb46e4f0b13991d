/**
 * Whom to shut out, for how long, and whom never.
 *
 * Pure: suspects in, bans out. It knows no kernel (that puts them into sets) and keeps nothing beyond its own memory, which has a ceiling. Called by
 * whoever watches a host, and by `simulate`.
 */
export type { Ban } from './ban.ts';
export { type BanSettings, type Bans, createBans, judgeManual } from './bans.ts';
export { type Explanation, type ManualBan, widest } from './explanation.ts';
export { createNever, type Never, type NeverEntry, networkText, sourceOf } from './never.ts';
export type { Suspect } from './suspect.ts';
export { type BanTerms, usualTerms } from './terms.ts';
