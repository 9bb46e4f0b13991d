/**
 * Whom to shut out, for how long, and whom never.
 *
 * Pure: incidents in, bans out. It knows no kernel (that puts them into sets) and keeps nothing. Called by whoever watches a host, and by
 * `simulate`.
 */
export type { Ban } from './ban.ts';
