import type { Problem } from '../../result.ts';
import type { Aside } from '../aside-context.ts';

/** What whoever starts a sender tells it, one line of JSON. It ends when its standard input does. */
export interface SendErrand extends Aside {
  /** Who starts it, for others who ask who sends: `palisade up`. */
  readonly writer: string;
  /** The host's name, as alerts bear it. */
  readonly host: string;
  /** Where the state of the host is published. */
  readonly socket: string | null;
}

/** What a sender says, one line of JSON each. */
export type SenderTold =
  | { readonly kind: 'sending'; readonly pid: number; readonly channels: readonly string[]; readonly reports: readonly string[] }
  /** Another process sends from this folder already; nothing follows. */
  | { readonly kind: 'taken'; readonly problem: Problem }
  /** It cannot send at all; nothing follows. */
  | { readonly kind: 'failed'; readonly problem: Problem }
  | { readonly kind: 'notice'; readonly text: string };
