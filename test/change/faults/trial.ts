import type { Random } from '../../kernel/random.ts';
import type { Backend } from '../changing.fixture.ts';

/** One fault, made for real on one backend. */
export interface Trial {
  /** What is done, one clause. */
  readonly does: string;
  /** Part of `npm test`. */
  readonly quick?: boolean;
  /** What is wrong with what is left; empty if nothing is. */
  judge(): Promise<readonly string[]>;
}

/** All trials of one kind; `times` of those that differ by chance only. */
export type Trials = (backend: Backend, times: number, random: Random) => readonly Trial[];
