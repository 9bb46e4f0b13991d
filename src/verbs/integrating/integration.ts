import type { z } from 'zod';
import type { Clock } from '../../clock.ts';
import type { Run } from '../../kernel/index.ts';
import type { HostState, StateRead } from '../../monitor/index.ts';
import type { Problem, Result } from '../../result.ts';

/** A file of the other side's configuration, or one that an administrator takes over there. */
export interface IntegrationFile {
  /** Where it belongs on the machine that it is for; absolute. `--write DIR` puts it into DIR below this path. */
  readonly path: string;
  /** Such as `0o644`. */
  readonly mode: number;
  readonly text: string;
  /** What it is for: one clause, no full stop. */
  readonly says: string;
  /**
   * `--apply` puts it at its place on this machine. `false`: it belongs elsewhere, or is imported (`apply`), and is printed and written
   * alone.
   */
  readonly here: boolean;
}

/** What the files of an integration are made of, besides the answers. */
export interface IntegrationGround {
  /** The host as the other side is to know it. */
  readonly host: string;
  /** How plugins and agents start palisade: an absolute path. */
  readonly command: string;
  /** Where the state is published: an absolute path. */
  readonly socket: string;
  /** What is published now, if somebody publishes: for lists of what there is. Files must also make sense without. */
  readonly state: HostState | null;
}

/** What an integration that acts is handed. */
export interface IntegrationContext {
  readonly clock: Clock;
  /** The kernel's runner of programs: the other side's own checker, its command line. */
  readonly run: Run;
  readonly ground: IntegrationGround;
  /** Reads the published state now. */
  readonly state: () => Promise<StateRead>;
  /** The text of a file that an answer names, such as a password's, without its last line end. */
  readonly secret: (file: string) => Promise<Result<string>>;
  /** What is being done, for a person who waits. */
  readonly say: (doing: string) => void;
  /** Aborted by Ctrl-C, and when the time is over that `--test` may take. */
  readonly signal: AbortSignal;
}

/** What became of something that was handed to the other side. */
export type Verdict =
  /** `says`: what it did, in sentences without a full stop. */
  | { readonly kind: 'accepted'; readonly says: readonly string[] }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  /** It cannot be asked: its tools are not here, or it does not answer. What is to be done by hand. */
  | { readonly kind: 'unasked'; readonly why: string; readonly remedy: string };

/** What became of the event that `--test` sent. */
export type Echo =
  /** It showed up there: where, and after how many milliseconds. */
  | { readonly kind: 'seen'; readonly where: string; readonly afterMs: number }
  /** It was sent, and did not show up before the signal was aborted. */
  | { readonly kind: 'unseen'; readonly why: string; readonly remedy: string }
  /** It could not be sent. */
  | { readonly kind: 'unsent'; readonly problems: readonly Problem[] };

/**
 * Another system that palisade can be joined to: one file each, in this folder. `palisade integrate NAME` prints what `files` says beside what is
 * there; `--write DIR` writes it; `--apply` puts files with `here` at their places (keeping what was there), asks `check`, puts everything
 * back if that refuses, and then calls `apply`; `--test` calls `test`.
 */
export interface Integration<Answers extends z.ZodObject = z.ZodObject> {
  /** As the command line names it. */
  readonly name: string;
  /** One clause, no full stop. */
  readonly summary: string;
  /**
   * What `--set KEY=VALUE` may say: kebab-case, each with a default or optional, each with `describe`. Values come as text, so that
   * numbers are `z.coerce.number()`. Keys that `reports.NAME` of the configuration has too are taken from there unless `--set` says them.
   * Never a secret itself: the name of its file.
   */
  readonly answers: Answers;
  /** Makes the files. Pure. */
  files(answers: z.output<Answers>, ground: IntegrationGround): readonly IntegrationFile[];
  /** Asks the other side's own checker about the files, which stand at their places: `nagios4 -v`, `promtool check rules`. */
  check?(answers: z.output<Answers>, context: IntegrationContext): Promise<Verdict>;
  /** Hands over what no file does (an API's import), or has the other side read the files anew. It may be done twice. */
  apply?(answers: z.output<Answers>, context: IntegrationContext): Promise<Verdict>;
  /** Sends an event marked with `mark`, and waits until it shows up there, or the signal is aborted. */
  test?(answers: z.output<Answers>, context: IntegrationContext, mark: string): Promise<Echo>;
  /** What is left to do by hand after `--apply` or `--write`: sentences without a full stop. */
  next(answers: z.output<Answers>, ground: IntegrationGround): readonly string[];
}

/** Keeps the type of the answers together while a table of integrations forgets it. */
export function integration<A extends z.ZodObject>(object: Integration<A>): Integration<A> {
  return object;
}
