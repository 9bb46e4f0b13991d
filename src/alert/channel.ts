import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Message } from './message.ts';

/** How an attempt to deliver ended. It is always one of these: a sender throws nothing. */
export type Delivery =
  /** The receiver has taken it. */
  | { readonly kind: 'delivered'; readonly receipt?: string }
  /** Not now: it is tried again, not before `afterMs` if the receiver said so. */
  | { readonly kind: 'again'; readonly why: string; readonly afterMs?: number }
  /** The receiver will never take it: it becomes a dead letter. */
  | { readonly kind: 'refused'; readonly why: string };

export interface ChannelContext {
  readonly clock: Clock;
  /** Starts a program without a shell: the kernel's runner. Only `command` uses it. */
  readonly run: (
    argv: readonly string[],
    options: { readonly input: string; readonly timeoutMs: number; readonly env: Readonly<Record<string, string>> },
  ) => Promise<{ readonly status: number; readonly stderr: string }>;
  /** A secret that the settings name: the text of `FILE` of `{ file: FILE }`, without its last line end, or the text itself. */
  readonly secret: (setting: string | { readonly file: string }) => Promise<string>;
}

/** An open way to a receiver. */
export interface Sender extends AsyncDisposable {
  /** Tries once, and takes no longer than the channel's time limit. */
  send(message: Message, signal: AbortSignal): Promise<Delivery>;
}

/** A way of telling somebody: one file each. */
export interface Channel<Settings extends z.ZodObject = z.ZodObject> {
  /** As `type:` of the configuration names it. */
  readonly type: string;
  readonly summary: string;
  /** Without `type`. `describe` is its documentation. */
  readonly settings: Settings;
  /** The receiver forgets what it is not told again: firing alerts are renewed so often. */
  readonly renewMs?: number;
  open(settings: z.output<Settings>, context: ChannelContext): Sender;
}
