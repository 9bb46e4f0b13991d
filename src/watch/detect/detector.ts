import type { Family, Prefix } from '../../model/net/index.ts';
import type { Batch } from '../events/batch.ts';
import type { Severity } from '../incidents/incident.ts';
import type { Observation } from './observation.ts';
import type { SourceTable } from './source-table.ts';
import type { Surroundings } from './surroundings.ts';

/** One way of seeing an attack: a file under `detectors/` that exports one of these. */
export interface Detector {
  /** As incidents and configuration name it: `vertical-scan`. */
  readonly id: string;
  /** What it is called in a list: `Port scan`. */
  readonly title: string;
  /** What it sees, what it counts and from where on it speaks, for documentation and for whoever asks why. */
  readonly description: string;
  /** Begins to look. What it keeps it allocates here, once: its memory does not depend on what is sent. */
  start(context: DetectorContext): Looking;
}

export interface DetectorContext {
  readonly sources: SourceTable;
  readonly surroundings: Surroundings;
  /** For hashes of what others choose. */
  readonly seed: number;
  report(sighting: Sighting): void;
  /** The incident of this key is over: not silence, but known to be. Epoch milliseconds. */
  over(key: string, at: number): void;
}

export interface Looking {
  /**
   * One event. `slot` is its source's place in the table, for columns of the detector's own; -1 while sources are not followed, since too
   * many new ones come at once. Called half a million times a second: no object, no text, unless there is something to report.
   */
  see(batch: Batch, row: number, slot: number): void;
  /** The source's place is given to another one: what was kept of it goes. */
  forget?(slot: number): void;
  /** Once a second by the events' clock, which stands where no event comes in `simulate`, and goes on live. Epoch milliseconds. */
  tick?(now: number): void;
  /** What no event tells: counters, tables, sets. */
  observe?(observation: Observation): void;
}

/** What a detector has seen: at the moment at which it is too much, and then again whenever there is more of it. */
export interface Sighting {
  readonly detector: string;
  /** What belongs to one incident has one key: the source in words, or the target. */
  readonly key: string;
  readonly severity: Severity;
  readonly title: string;
  readonly why: string;
  /** Whose it is; empty where nobody can be named, as in a flood of forged addresses. */
  readonly sources: readonly Prefix[];
  /** Where more sources are behind it than are named. */
  readonly sourceCount?: number;
  readonly targets: readonly string[];
  /** The event that made it so, as evidence and for its time; `null` for what no event tells: silence, a full table. */
  readonly batch: Batch | null;
  readonly row: number;
  /** Epoch milliseconds; of the event, where there is one. */
  readonly at: number;
  /** When what was counted began; left out: at the first event of this key. */
  readonly since?: number;
  /** Events since this key's last sighting, this one included. */
  readonly events: number;
  /** One forged packet a target is enough to look so. */
  readonly spoofable: boolean;
  /** The sources are such as may be shut out for it. */
  readonly ban: boolean;
}

export type { Batch, Family, Observation, SourceTable, Surroundings };
