import type { Problem } from '../../result.ts';
import type { Counted } from '../../watch/index.ts';
import type { Aside } from '../aside-context.ts';
import type { LoggedPacketJson } from '../event.ts';
import type { BanJson, IncidentJson } from '../incident-shape.ts';

/** What whoever starts a watcher tells it first, one line of JSON. */
export interface WatchErrand extends Aside {
  /** Who starts it, for others who ask who watches: `palisade up`. */
  readonly writer: string;
  readonly facts: Facts;
  readonly counted: CountersRead;
}

/** What is known of the host beyond its log: told at the start, and again whenever it is another. Addresses and networks as text. */
export interface Facts {
  /** The host's own addresses; `null`: not known. */
  readonly own: readonly string[] | null;
  readonly connected: readonly { readonly network: string; readonly link: string }[];
  /** Resolvers and time servers. */
  readonly answering: readonly string[];
  /** Links that lead to the world; `null`: not known. */
  readonly outside: readonly string[] | null;
  /** NFLOG groups that its rules name. */
  readonly nflogGroups: readonly number[];
  /** Packets that rules which log have met so far; `null`: there are none, or nobody knows. */
  readonly logged: number | null;
  /** Packets that rules and policies have dropped so far; `null`: not known. */
  readonly dropped: number | null;
}

/** Further lines to a watcher. It ends when they do. */
export type Order = { readonly kind: 'facts'; readonly facts: Facts; readonly counted: CountersRead };

/** What the counters of all rules said. `at`: epoch milliseconds, when they were read. */
export interface CountersRead {
  readonly at: number;
  readonly rules: readonly Counted[];
}

/**
 * What a watcher says, one line of JSON each. Whoever reads slowly misses events, and is told how many; nothing else is left out. Times are
 * epoch seconds, as everywhere outside.
 */
export type Told =
  /** It watches. `known`: what was open, and who is shut out, when it began. */
  | {
      readonly kind: 'watching';
      /** `null`: another process, of which only what it remembers is known. */
      readonly pid: number | null;
      readonly sources: readonly { readonly name: string; readonly trusted: boolean }[];
      readonly known: { readonly incidents: readonly IncidentJson[]; readonly bans: readonly BanJson[] };
    }
  /** Somebody else watches here already, as the problem says; nothing follows. */
  | { readonly kind: 'taken'; readonly problem: Problem }
  /** It cannot watch at all; nothing follows. */
  | { readonly kind: 'failed'; readonly problem: Problem }
  /** A source that cannot be read; others go on. */
  | { readonly kind: 'unavailable'; readonly source: string; readonly problem: Problem }
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'event'; readonly event: LoggedPacketJson }
  /** Events of one second beyond those that were said, or that the reader was too slow for. */
  | { readonly kind: 'more'; readonly at: number; readonly count: number }
  | {
      readonly kind: 'lost';
      readonly at: number;
      readonly source: string;
      readonly count: number;
      readonly of: 'packets' | 'records' | 'bytes';
    }
  | { readonly kind: 'incident'; readonly change: 'opened' | 'grew' | 'closed'; readonly incident: IncidentJson }
  | { readonly kind: 'ban'; readonly ban: BanJson; readonly acted: boolean };
