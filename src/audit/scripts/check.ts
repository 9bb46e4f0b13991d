import type { Backend, Host, Known } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { Script } from '../../model/ruleset/script/index.ts';
import type { Answer, Check } from '../check.ts';
import type { ManagementSession } from './session.ts';
import type { Timeline } from './timeline.ts';
import type { Window } from './window.ts';

/** One thing that an expert looks at in a script of commands: not what stands in the end, but the way there. */
export interface ScriptCheck extends Omit<Check, 'run' | 'examples'> {
  run(subject: ScriptSubject): Answer;
  readonly examples: readonly ScriptExample[];
}

export interface ScriptSubject {
  /** As it is before the script. */
  readonly host: Host;
  /** As it would be then; families of which the beginning is unknown stay so. */
  readonly after: Host;
  readonly script: Script;
  readonly backend: Backend;
  /** In the order of `Moment.lives`. Unknown where nobody can be named. */
  readonly sessions: Known<readonly ManagementSession[]>;
  /** So many sessions more are there, and not followed. */
  readonly unwatched: number;
  /** Whether the link and the own address of a session are known, or make no difference. */
  isSettled(session: ManagementSession): boolean;
  readonly timeline: Timeline;
  /** When the host stands more open than before and behind the script; unknown where that could not be decided. */
  readonly windows: Known<readonly Window[]>;
  /** How many transactions the same change needs, one a table that it changes, by family. */
  readonly needed: Readonly<Record<Family, number>>;
  /** Index of the first moment whose rules may be others, since a command in front of it was not understood; else beyond all. */
  readonly doubtfulFrom: number;
}

export interface ScriptExample {
  readonly title: string;
  readonly script: string;
  /** The rules before it, as save texts; left out: none. `null`: they could not be read. */
  readonly v4?: string | null;
  readonly v6?: string;
  /** As a facts file says it; left out: one link, and a session of 203.0.113.66 to port 22. */
  readonly facts?: unknown;
  /** Who manages the host, in place of the sessions of the facts. */
  readonly peer?: string;
  /** `severity certainty line,line` of each finding: the lines are those that its title names. */
  readonly finds: readonly string[];
  readonly unknown?: number;
}
