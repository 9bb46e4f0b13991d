import type { Message } from '../alert/index.ts';
import type { Problem } from '../result.ts';

/** A message that waits to be sent. Times are epoch milliseconds. */
export interface Waiting {
  readonly id: string;
  readonly channel: string;
  readonly thread: string;
  readonly sequence: number;
  readonly kind: Message['kind'];
  /** Since when it waits: when it was made, or somebody had it tried again. */
  readonly since: number;
  readonly attempts: number;
  /** Not before. */
  readonly next: number;
}

/** A message as people ask for it. Times are epoch milliseconds. */
export interface Posted extends Waiting {
  readonly at: number;
  readonly severity: Message['severity'];
  readonly title: string;
  readonly state: 'waiting' | 'delivered' | 'dead' | 'dropped';
  /** What the receiver said last. */
  readonly why: string | null;
  /** When it was delivered or given up. */
  readonly ended: number | null;
}

/** How a channel stands. */
export interface ChannelStanding {
  readonly channel: string;
  readonly type: string;
  readonly waiting: number;
  /** Given up: `palisade alerts` lists them. */
  readonly dead: number;
  readonly delivered: number;
  /** Epoch milliseconds. */
  readonly lastDelivered: number | null;
  /** Why nothing gets through; `null`: it does, or nothing was sent yet. */
  readonly failing: string | null;
}

/** Something that somebody else wants done with messages. `of`: an id, `all`, or a channel. */
export interface OutboxWord {
  readonly word: 'retry' | 'drop' | 'test';
  readonly of: string;
  readonly by: string;
}

/** What routes remember, as JSON. */
export interface Remembered {
  readonly tracked: readonly string[];
  /** By name. */
  readonly kept: ReadonlyMap<string, string>;
}

/**
 * Messages that wait, what became of others, and what routes remember: one file, `alerts.db`, with one writer, the process that sends. All of it is in
 * memory until {@link Outbox.commit}, and stays there where the disk takes nothing.
 */
export interface Outbox extends Disposable {
  readonly notices: readonly string[];
  readonly remembered: Remembered;
  /** `null`: no longer. */
  track(incident: string, state: string | null): void;
  keep(name: string, value: string): void;
  /** Queues a message as the next of its thread to its channel. @param sending which is being sent now, and stays */
  queue(message: Omit<Message, 'sequence'>, channel: string, sending: ReadonlySet<string>): void;
  /** Those of a channel, in the order in which they were queued. */
  waiting(channel: string): Iterable<Waiting>;
  message(id: string): Message | null;
  delivered(id: string, at: number, receipt: string | null): void;
  again(id: string, why: string, next: number): void;
  dead(id: string, at: number, why: string): void;
  /** Has one tried anew, whether it waits or is dead; `all`: all that are dead. @returns how many */
  retry(id: string, at: number): number;
  /** Takes one away, whether it waits or is dead. @returns how many */
  drop(id: string, at: number, sending: ReadonlySet<string>): number;
  /** The channels there are, by type; how others stood is forgotten once nothing of theirs is left. */
  channels(types: ReadonlyMap<string, string>): void;
  /** `null`: it works. */
  failing(channel: string, why: string | null, at: number): void;
  standing(): readonly ChannelStanding[];
  /** What others want done since this was last asked. */
  words(): readonly OutboxWord[];
  /** Writes all since the last. What cannot be written waits for the next; the problem says why. */
  commit(now: number): Problem | null;
}
