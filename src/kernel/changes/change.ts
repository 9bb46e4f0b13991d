import type { Problem } from '../../result.ts';

/**
 * Something changed, with what is known of it. It says where to look, not what is different: whoever wants to know reads that part of the
 * host again. What is not yet taken is joined, so that any number of changes is a few notices, and the last is never lost.
 */
export type Change = NftChange | LegacyChange | SetsChange | BackendChange | Lost | Unwatched;

/** Transactions of nf_tables, by whatever program: told by the kernel as they happen. */
export interface NftChange {
  readonly kind: 'nft';
  /** Epoch milliseconds, of the last of them. */
  readonly at: number;
  /** The kernel's number of the last of them ({@link Kernel.generation}); `null` where rules are read and compared instead. */
  readonly generation: number | null;
  readonly commits: number;
  readonly touched: readonly TouchedTable[];
  /** There is more that was touched than is named. */
  readonly more: boolean;
  readonly by: By;
}

export interface TouchedTable {
  readonly family: 'ip' | 'ip6' | 'inet' | 'arp' | 'bridge' | 'netdev' | 'other';
  readonly table: string;
  /** Chains that are new or gone, or whose rules are others. */
  readonly chains: readonly string[];
  /** The table itself, or a set, an object or a flowtable of it. */
  readonly beside: boolean;
}

/** A table of iptables-legacy has other rules or policies, is there since, or is gone. */
export interface LegacyChange {
  readonly kind: 'legacy';
  readonly at: number;
  readonly family: 4 | 6;
  readonly table: string;
  readonly what: 'rules' | 'appeared' | 'gone';
  readonly by: By;
}

export interface SetsChange {
  readonly kind: 'sets';
  readonly at: number;
  readonly sets: readonly ChangedSet[];
  readonly by: By;
}

export interface ChangedSet {
  readonly name: string;
  /** `header`: its type or options are others. `members`: others are in it, whatever their timeouts and counters. */
  readonly what: 'created' | 'destroyed' | 'renamed' | 'header' | 'members';
  /** What it was called before. */
  readonly from?: string;
  /** Its members go by themselves after a while, so that `members` may be nobody's doing. */
  readonly expires: boolean;
}

/** Which backends hold rules, chains or policies of one family is another than before. `null`: cannot be told. */
export interface BackendChange {
  readonly kind: 'backend';
  readonly at: number;
  readonly family: 4 | 6;
  readonly holds: Holds;
}

export interface Holds {
  readonly nft: boolean | null;
  readonly legacy: boolean | null;
}

/** Changes happened that nobody could be told of one by one: all of that part is to be read again. */
export interface Lost {
  readonly kind: 'lost';
  readonly at: number;
  readonly of: 'nft' | 'sets';
}

/** From now on nobody looks at this part any more. */
export interface Unwatched {
  readonly kind: 'unwatched';
  readonly at: number;
  readonly of: Part;
  readonly problem: Problem;
}

export type Part = 'nft' | 'legacy' | 'sets';

/** Who did it, as far as it can be told. */
export interface By {
  /**
   * `named`: the kernel said which process. `audited`: its audit record did. `ran`: these ran in the time in question and could have done it.
   * `unknown`: nobody can be named.
   */
  readonly how: 'named' | 'audited' | 'ran' | 'unknown';
  readonly processes: readonly Actor[];
}

/** A process, as far as it could be seen before it ended. Texts hold no control characters, and are cut where they are long. */
export interface Actor {
  readonly pid: number;
  /** What the kernel calls it: at most 15 bytes. */
  readonly program: string;
  /** The path of the program; `null` where it had ended. */
  readonly exe: string | null;
  /** Its words; `null` where it had ended. */
  readonly command: readonly string[] | null;
  readonly uid: number | null;
  /** Who logged in (audit's login user), whatever he became since; `null` where nobody did or it is not known. */
  readonly loginUid: number | null;
  /** Who started it, who started that, and so on; nearest first, at most eight. Empty where it had ended. */
  readonly parents: readonly Ancestor[];
}

export interface Ancestor {
  readonly pid: number;
  /** The name of its file; where that cannot be seen, what the kernel calls it. */
  readonly program: string;
  /** Its first words. */
  readonly command: readonly string[];
  readonly uid: number | null;
}

export const unknownBy: By = { how: 'unknown', processes: [] };
