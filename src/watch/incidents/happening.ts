import type { Prefix } from '../../model/net/index.ts';
import type { Incident } from './incident.ts';

/** What there is to say, in the order in which it happened. */
export type Happening =
  /** An incident, and what became of it. That it grew is said at most once a second, and the more seldom the longer it goes on. */
  { readonly kind: 'incident'; readonly change: 'opened' | 'grew' | 'closed'; readonly incident: Incident } | SuspectSource;

/** A source that may be shut out; said again as long as it goes on. */
export interface SuspectSource {
  readonly kind: 'suspect';
  /** A /32 or a /64; a /24 or a /48 where many of it take part. */
  readonly source: Prefix;
  /** The incident's id. */
  readonly incident: string;
  readonly detector: string;
  /** Epoch milliseconds, of the event that made it so. */
  readonly at: number;
  /** All of the evidence could have been sent by somebody with a forged source address. */
  readonly spoofable: boolean;
  /** None of the evidence could have been written by somebody without rights over this machine. */
  readonly trusted: boolean;
  /** How much it says: 1 is enough by itself. */
  readonly weight: number;
  /** In one sentence. */
  readonly why: string;
}
