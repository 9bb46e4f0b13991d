import type { Prefix } from '../../model/net/index.ts';

/** A source that a detector holds to be one to shut out; said again as long as it goes on. */
export interface Suspect {
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
  /** In one sentence; left out: what the detector is called. */
  readonly why?: string;
}
