import type { Prefix } from '../../model/net/index.ts';
import type { Ban } from './ban.ts';
import type { NeverEntry } from './never.ts';

/** Why a source is shut out, or is not. */
export type Explanation =
  /** `isShort`: all that is known of it may be forged, so that it is let in again soon whatever it does. */
  | { readonly kind: 'banned'; readonly ban: Ban; readonly isShort: boolean }
  | { readonly kind: 'never'; readonly entry: NeverEntry }
  /** Suspected, and not enough. */
  | { readonly kind: 'below'; readonly weight: number; readonly threshold: number }
  /** Only what anybody could have written speaks against it. */
  | { readonly kind: 'untrusted'; readonly weight: number; readonly threshold: number }
  /** What speaks against it may be forged, and so many such were shut out that one more was not. */
  | { readonly kind: 'too-many'; readonly weight: number; readonly threshold: number }
  /** It was shut out, so often within the time that counts, and is not any more. */
  | { readonly kind: 'over'; readonly bans: number }
  | { readonly kind: 'unseen' };

export interface ManualBan {
  readonly network: Prefix;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly forMs: number;
  readonly why: string;
  /** Who says so. */
  readonly name: string;
}

/** The widest networks that are shut out, as prefix lengths. */
export const widest = {
  person: { 4: 16, 6: 32 },
  detector: { 4: 24, 6: 48 },
  list: { 4: 16, 6: 32 },
} as const;
