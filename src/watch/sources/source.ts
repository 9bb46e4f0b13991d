import type { Problem } from '../../result.ts';
import type { Batch } from '../events/batch.ts';

/** Somewhere that events come from. */
export interface Source {
  /** As people name it, and as its cursor is kept: `nflog:5`, `kmsg`, `journal`, `/var/log/kern.log`. */
  readonly name: string;
  /** Nobody without rights over this machine can write into it. What is not trusted may raise incidents, and bans nobody. */
  readonly trusted: boolean;
  /**
   * What comes, until the signal aborts or it ends (a file that is not followed, standard input). A batch is the reader's until the next is
   * asked for, and may then be written over.
   *
   * @param after where an earlier reading came to, as its cursor said; `null`: begin with what comes now.
   */
  follow(after: string | null, signal: AbortSignal): AsyncIterable<Said>;
}

/** What a source says. */
export type Said =
  | {
      readonly kind: 'batch';
      readonly batch: Batch;
      /** Where reading comes to with this batch: kept in one transaction with its events, so that none counts twice; `null`: it has no memory. */
      readonly cursor: string | null;
      /** Lines or records that hold no event. */
      readonly passed: number;
    }
  /**
   * So many more were there and could not be read. Kept together with the batch that follows, which may be an empty one: whoever is cut off between the two
   * hears of it again.
   * `at`: epoch milliseconds.
   */
  | { readonly kind: 'lost'; readonly count: number; readonly of: 'packets' | 'records' | 'bytes'; readonly at: number }
  /** Something that people should know once, such as a file that was cut short. */
  | { readonly kind: 'notice'; readonly text: string }
  /** It cannot be read at all; nothing follows. */
  | { readonly kind: 'unavailable'; readonly problem: Problem };
