import type { Prefix } from '../../model/net/index.ts';

/** A source that is shut out for a while. */
export interface Ban {
  /** A /32 or a /64; a /24 where many of it took part. */
  readonly source: Prefix;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly until: number;
  /**
   * `new`: connections that it begins are dropped, behind what is established, since its address may be forged by somebody else.
   * `all`: every packet of it is dropped before anything else sees it; only for those who completed a handshake.
   */
  readonly reach: 'new' | 'all';
  /** In one sentence, for whoever asks why. */
  readonly why: string;
  /** Who said so: a detector, with the incident's id; a person; or a list of others. */
  readonly by:
    | { readonly kind: 'incident'; readonly detector: string; readonly incident: string }
    | { readonly kind: 'person'; readonly name: string }
    | { readonly kind: 'list'; readonly name: string };
  /** How many bans of this source came before it, within the time that counts. */
  readonly before: number;
}
