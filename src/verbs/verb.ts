import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Kernel } from '../kernel/index.ts';
import type { Problem } from '../result.ts';
import type { Settings } from './config/index.ts';
import type { Serve } from './serve.ts';

/**
 * One thing that can be asked of palisade. Command line, help, man pages, completion, JSON Schemas and the HTTP API
 * are made from these objects, never written twice.
 */
export interface Verb<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly group: 'look' | 'change' | 'watch' | 'keep' | 'connect';
  /** One clause, no full stop. */
  readonly summary: string;
  /** Paragraphs for the man page and `--help`. */
  readonly description: string;
  /** Flags: one field each, camelCase; `describe` is its help, `meta` its {@link FlagMeta}. */
  readonly input: Input;
  /** What `--json` prints: one object, or one a line when `streams`. */
  readonly output: Output;
  /** The verb says its answer in parts through `context.part`, each of the shape of `output`. */
  readonly streams: boolean;
  /**
   * Monitoring systems call it, by the rules of their plugins: everything is said on standard output, without colour; it exits with 3, UNKNOWN, for
   * whatever is no answer, help included. Its answers name their `exit`. Whoever calls it may not read the configuration.
   */
  readonly plugin?: true;
  /** Those ask it who may not read everything: a configuration that may not be read is as good as none, as it is for a plugin. */
  readonly unprivileged?: true;
  /** It tells others: what the configuration says of that is read too. Other verbs leave it unread, for they start faster without. */
  readonly tells?: true;
  /** What each exit code that it can have means. */
  readonly exits: Readonly<Partial<Record<ExitCode, string>>>;
  readonly examples: readonly { readonly command: string; readonly says: string }[];
  run(context: Context, input: z.output<Input>): Promise<Outcome<z.output<Output>>>;
}

/** How a flag looks on the command line, beyond what its type says. */
export interface FlagMeta {
  /** What stands for its value in help: `FILE`, `ADDRESS`. */
  readonly value?: string;
  /** The value is a path, for completion. */
  readonly path?: boolean;
  /** One letter, by which it goes too. */
  readonly short?: string;
  /** Not shown in help. */
  readonly hidden?: boolean;
  /** A word without a flag, in the order of the fields; an array takes all that are left. */
  readonly positional?: boolean;
}

export type ExitCode = 0 | 1 | 2 | 3 | 4;

/**
 * How a verb ended. `value` is `null` for verbs that stream. `unread`: there is no answer at all, since what it
 * needs could not be read; `unknown`: there is one, and it says what is missing. `document` is printed instead of the value: the
 * answer in a format that somebody asked for.
 */
export type Outcome<T> =
  | {
      readonly kind: 'done' | 'found' | 'unknown';
      readonly value: T | null;
      readonly document?: string;
      /** Of a plugin, whose exit codes are others. */
      readonly exit?: 0 | 1 | 2 | 3;
      /**
       * What nobody must miss, such as faults of palisade itself that came to light, or a copy that failed: said on standard error,
       * whatever the answer's form.
       */
      readonly faults?: readonly Problem[];
    }
  | { readonly kind: 'invalid' | 'unread' | 'unchanged'; readonly problems: readonly Problem[] };

export const exitOf = { done: 0, found: 1, invalid: 2, unknown: 3, unread: 3, unchanged: 4 } as const satisfies Record<
  Outcome<unknown>['kind'],
  ExitCode
>;

/** Everything that a verb may touch, handed in. */
export interface Context {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly log: Log;
  /** What is being done, for a person who waits; shown only when it takes longer than a second. */
  progress(doing: string): void;
  /** One part of a streaming verb's answer. Resolves when it was written. */
  part(value: unknown): Promise<void>;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Opens the page and the API. */
  readonly serve: Serve;
  /**
   * Asks whoever sits at the terminal, who answers with one line; `null` when he ends it instead (Ctrl-D). It is not there where nobody can
   * be asked.
   */
  readonly ask?: (question: string) => Promise<string | null>;
  /**
   * Where the answer is a screen that stands: hears what whoever sits before it asks for, until disposed of. It is not there where nobody does.
   */
  readonly asked?: (listener: (wish: unknown) => void) => Disposable;
  /** Reads standard input to its end, for `-`. */
  stdin(): Promise<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that palisade keeps its state in; it may not be there yet. */
  readonly stateFolder: string;
  readonly policyFile: string;
  /** The configuration file, where somebody named another than the usual one. */
  readonly configFile?: string;
  /** What the configuration says of what is done without being asked for. */
  readonly settings: Pick<Settings, 'drift' | 'backup' | 'watch' | 'bans' | 'publish' | 'store' | 'alerts' | 'reports'>;
}

export interface Log {
  debug(event: string, details?: Readonly<Record<string, unknown>>): void;
  info(event: string, details?: Readonly<Record<string, unknown>>): void;
  warn(event: string, details?: Readonly<Record<string, unknown>>): void;
  error(event: string, details?: Readonly<Record<string, unknown>>): void;
}

/** Keeps the types of input and output together while a table of verbs forgets them. */
export function verb<I extends z.ZodObject, O extends z.ZodType>(object: Verb<I, O>): Verb<I, O> {
  return object;
}
