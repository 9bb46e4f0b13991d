import type { Clock } from '../clock.ts';
import type { Problem } from '../result.ts';
import type { Ban, Batch, Hits, Incident, LoggedPacket } from '../watch/index.ts';

export interface StoreOptions {
  readonly clock: Clock;
  /** What writes, for whoever asks who holds the store: `palisade up`. */
  readonly writer: string;
  readonly limits?: StoreLimits;
}

/** How long, and how much. What is over goes a little with every commit, oldest first. */
export interface StoreLimits {
  readonly eventDays: number;
  /** Incidents, bans, losses and roll-ups. */
  readonly yearDays: number;
  /** Of the whole file. */
  readonly bytes: number;
}

export const usualLimits: StoreLimits = { eventDays: 30, yearDays: 365, bytes: 2 ** 30 };

/** What is remembered of what happened: events, incidents, bans, and how far each source was read. One file, one writer, any readers. */
export interface Store extends Disposable {
  /**
   * Keeps a batch's events. They are written with the next {@link Store.commit}, in one transaction with the cursors and whatever else was kept
   * since the last: after a crash all of it is there, or none. The batch is copied: it may be filled anew at once.
   *
   * @param source whose events they are, as people name it
   */
  keep(batch: Batch, source: string): void;
  /** How far a source was read. */
  reached(source: string, cursor: string): void;
  /** What could not be read of a source. */
  lost(source: string, count: number, of: string, at: number): void;
  /** A new incident, or what has become of it. */
  incident(incident: Incident): void;
  /** What rules have met, of those of which it is new. */
  hits(changed: readonly Hits[]): void;
  banned(ban: Ban): void;
  /** `at`: epoch milliseconds. */
  unbanned(source: string, at: number, by: string): void;
  /**
   * Writes what was kept since the last. Call it about once a second, and at least every 100,000 events.
   *
   * @returns what is wrong where it could not be written: those events are then gone, and counted in {@link notKept}; incidents, bans and
   * losses wait for the next commit. It throws nothing: whoever watches goes on.
   */
  commit(): Problem | null;
  /** Events that could not be written since the store was opened. They are among the losses as soon as anything can be written. */
  readonly notKept: number;
  /** What people should know of how it was opened: that a damaged file was moved aside. */
  readonly notices: readonly string[];
  /** Where each source's reading came to. */
  cursor(source: string): string | null;
  readonly read: Reading;
}

/** Questions; also asked by processes that only read. Times are epoch milliseconds. */
export interface Reading extends Disposable {
  events(question: EventQuestion): Iterable<StoredEvent>;
  top(question: TopQuestion): Top;
  incidents(question: IncidentQuestion): readonly StoredIncident[];
  /** One incident by its id, or by as much of its beginning as tells it from others. */
  incident(id: string): StoredIncident | null;
  /** Bans and unbans, newest first; of one source if it is said. */
  bans(question: { readonly since?: number; readonly source?: string }): readonly StoredBan[];
  /** Events a second, of the newest seconds, oldest first: for a picture. */
  rates(seconds: number, now: number): readonly number[];
  /** What each rule has met. */
  hits(): readonly Hits[];
  /** How it stands at a moment: what is open, who is shut out, what was logged. */
  standing(now: number): Standing;
  /** Losses since a moment. */
  losses(since: number): readonly { readonly source: string; readonly count: number; readonly of: string }[];
}

export interface Standing {
  readonly open: readonly (Pick<Incident, 'id' | 'detector' | 'severity' | 'title' | 'first' | 'last' | 'events'> & {
    /** Somebody has acknowledged it, or silenced it for now. */
    readonly attended: boolean;
  })[];
  /** Sources that are shut out. */
  readonly bans: number;
  /** Of the latest event; `null`: there is none. */
  readonly lastEvent: number | null;
  /** Packets since the store was begun, most first; `proto` -1: not known. At most 50 prefixes are told apart. */
  readonly logged: readonly { readonly proto: number; readonly prefix: string; readonly events: number }[];
}

export interface EventQuestion {
  readonly since?: number;
  readonly until?: number;
  /** An address or a network. */
  readonly source?: string;
  readonly target?: string;
  readonly port?: number;
  readonly proto?: number;
  /** What the prefix begins with. */
  readonly prefix?: string;
  readonly most?: number;
  /** Newest first unless said. */
  readonly oldestFirst?: boolean;
}

/** One event as the store gives it back: a {@link LoggedPacket} with what else is known of it. */
export interface StoredEvent {
  readonly id: number;
  readonly kind: 'packet' | 'failed-login' | 'accepted-login';
  readonly at: number;
  readonly source: string;
  readonly trusted: boolean;
  readonly packet: LoggedPacket;
}

export interface TopQuestion {
  /** `network`: a /24 of IPv4, a /64 of IPv6. */
  readonly by: 'source' | 'network' | 'port' | 'target' | 'prefix';
  readonly since: number;
  readonly until?: number;
  readonly most: number;
}

export interface Top {
  /** Most events first. */
  readonly rows: readonly TopRow[];
  /** All events of that time. */
  readonly events: number;
  /** How many of them are of those that had too few at a time to be counted one by one. */
  readonly uncounted: number;
  /** None of those had more in all. Rows with more are where they belong, whoever the others are. */
  readonly uncountedMost: number;
}

export interface TopRow {
  /** An address, a network, `22/tcp`, `icmp 8`, a prefix. */
  readonly what: string;
  readonly events: number;
  readonly first: number;
  readonly last: number;
}

export interface IncidentQuestion {
  readonly since?: number;
  readonly state?: 'open' | 'closed';
  readonly detector?: string;
  readonly source?: string;
  readonly most?: number;
}

export interface StoredIncident extends Incident {
  /** Who has seen it, and when. */
  readonly acknowledged: { readonly by: string; readonly at: number } | null;
  readonly silencedUntil: number | null;
}

export interface StoredBan extends Ban {
  /** Taken back before its time. */
  readonly lifted: { readonly by: string; readonly at: number } | null;
}
