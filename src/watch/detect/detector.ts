import type { Family } from '../../model/net/index.ts';
import type { Batch } from '../events/batch.ts';
import type { Sighting } from '../incidents/sighting.ts';
import type { Attempt } from './attempt.ts';
import type { ForgedSources } from './forged.ts';
import type { Newcomers } from './newcomers.ts';
import type { Observation } from './observation.ts';
import type { Probe } from './probe.ts';
import type { Scanners } from './scanners.ts';
import type { Sort } from './sort.ts';
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
  /** What an administrator does about it, in a sentence or two; a sighting may say another. */
  readonly remedy: string;
  /** The sorts of events that {@link Looking.see} is shown. */
  readonly looksAt?: readonly Sort[];
  /** Milliseconds without more of it after which its incidents are over. */
  readonly quietMs: number;
  /** Its sightings go into one incident with those of others that name the same group and are of the same key: `scan`. */
  readonly group?: string;
  /** Begins to look. What it keeps it allocates here, once: its memory does not depend on what is sent. */
  start(context: DetectorContext): Looking;
}

export interface DetectorContext {
  readonly sources: SourceTable;
  readonly surroundings: Surroundings;
  /** New sources, and whether there are so many that no more are followed. */
  readonly newcomers: Newcomers;
  /** The event that is being seen, as a probe: what several detectors would else compute each. The same object each time. */
  readonly probe: Probe;
  /** Likewise, as an attempt to log in. */
  readonly attempt: Attempt;
  /** Follows the sources of scans, by the rules that detectors hand it when they start. */
  readonly scanners: Scanners;
  /** Follows sources that are lies, likewise. */
  readonly forged: ForgedSources;
  /** Hashes are mixed with it, so that nobody can choose what collides. */
  readonly seed: number;
  /**
   * The moment the clock stands at, epoch milliseconds: of the newest event, or later. Events may be older than it.
   */
  readonly now: number;
  /** So many packets were seen so far. */
  readonly packets: number;
  /**
   * Opens an incident, or adds to the one there is.
   *
   * @returns its number for {@link DetectorContext.more}; never 0.
   */
  report(sighting: Sighting): number;
  /**
   * One more event of an open incident: counted, and kept as its last line. Cheap.
   *
   * @param isAnybody its source is not to be named, since it may be anybody's.
   * @returns false if it is open no longer (or the number is 0): then report anew.
   */
  more(incident: number, batch: Batch, row: number, isAnybody?: boolean): boolean;
  /** The incident of this detector and key is over: not silence, but known to be. Epoch milliseconds. */
  over(detector: string, key: string, at: number): void;
}

export type See = (this: void, batch: Batch, row: number, slot: number, sort: Sort) => void;

/** What it wants to be told of. */
export interface Looking {
  /**
   * One event of the sorts that it looks at. `slot` is its source's place in the table, for what the detector keeps in its record; -1 while
   * sources are not followed, since too many new ones come at once. Called half a million times a second: no object, no text, unless there is
   * something to report. Sources of trusted events and of events that can be forged have different slots, though their address be the same.
   */
  see?: See;
  /** One event of somebody who wants to log in, and whose pair is followed. */
  attempt?: See;
  /** One that leaves this host, or goes through it. */
  leaving?: See;
  /**
   * Once a second by the events' clock, which stands where no event comes in `simulate`, and goes on live. Over a gap it is called for a few
   * seconds and then for its end. Epoch milliseconds.
   */
  tick?(this: void, now: number): void;
  /** What no event tells: counters, tables, sets. */
  observe?(observation: Observation): void;
}

export type { Batch, Family, Newcomers, Observation, Probe, Sighting, Sort, SourceTable, Surroundings };
