import type { LoggedPacketJson } from './event.ts';
import type { BanJson, IncidentJson } from './incident-shape.ts';
import type { News } from './news.ts';

/** What the page and the API show; each call answers from the state as of now. */
export interface Served {
  status(): Promise<unknown>;
  audit(): Promise<unknown>;
  show(): Promise<unknown>;
  /** One packet in JSON → the trace in JSON, or problems. */
  trace(
    packet: unknown,
  ): Promise<{ readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string }>;
  /** The latest dropped packets, newest first. */
  events(): readonly LoggedPacketJson[];
  /** Incidents of the last day as far as they are known, the latest first, and who is shut out now. */
  happened(): { readonly incidents: readonly IncidentJson[]; readonly bans: readonly BanJson[] };
  /** Calls back for every piece of news until the signal aborts. */
  subscribe(listener: (news: News) => void, signal: AbortSignal): void;
}

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
}

/** Listens until the signal aborts. `url` carries the token in its fragment, which browsers never send. */
export type Serve = (
  served: Served,
  options: ServeOptions,
  signal: AbortSignal,
) => Promise<
  | { readonly ok: true; readonly url: string; readonly port: number; readonly closed: Promise<void> }
  | { readonly ok: false; readonly why: 'port-in-use' | 'failed'; readonly detail: string }
>;
