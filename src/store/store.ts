import type { Ban, Batch, Incident, LoggedPacket } from '../watch/index.ts';

/** What is remembered of what happened: events, incidents, bans, and how far each source was read. One file, one writer, any readers. */
export interface Store extends Disposable {
  /**
   * Keeps a batch's events. They are written with the next {@link Store.commit}, in one transaction with the cursors and whatever else was kept
   * since the last: after a crash all of it is there, or none.
   */
  keep(batch: Batch): void;
  /** How far a source was read. */
  reached(source: string, cursor: string): void;
  /** What could not be read of a source. */
  lost(source: string, count: number, of: string, at: number): void;
  /** A new incident, or what has become of it. */
  incident(incident: Incident): void;
  banned(ban: Ban): void;
  /** `at`: epoch milliseconds. */
  unbanned(source: string, at: number, by: string): void;
  commit(): void;
  /** Where each source's reading came to. */
  cursor(source: string): string | null;
  readonly read: Reading;
}

/** Questions; also asked by processes that only read. Times are epoch milliseconds. */
export interface Reading {
  events(question: EventQuestion): Iterable<StoredEvent>;
  top(question: TopQuestion): readonly TopRow[];
  incidents(question: IncidentQuestion): readonly StoredIncident[];
  /** Bans and unbans, newest first; of one source if it is said. */
  bans(question: { readonly since?: number; readonly source?: string }): readonly StoredBan[];
  /** Events a second, of the newest seconds, oldest first: for a picture. */
  rates(seconds: number, now: number): readonly number[];
  /** Losses since a moment. */
  losses(since: number): readonly { readonly source: string; readonly count: number; readonly of: string }[];
}

export interface EventQuestion {
  readonly since?: number;
  readonly until?: number;
  /** An address or a network. */
  readonly source?: string;
  readonly target?: string;
  readonly port?: number;
  readonly proto?: number;
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
  readonly by: 'source' | 'network' | 'port' | 'target' | 'prefix' | 'country' | 'as';
  readonly since: number;
  readonly until?: number;
  readonly most: number;
}

export interface TopRow {
  /** An address, `22/tcp`, a prefix, a country. */
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
