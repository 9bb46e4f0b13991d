import type { Prefix } from '../../model/net/index.ts';
import type { Batch } from '../events/batch.ts';
import type { Severity } from './incident.ts';

/** What a detector has seen: at the moment at which it is too much, and then again whenever there is more of it. */
export interface Sighting {
  /** The id of the detector that says so. */
  readonly detector: string;
  /** What belongs to one incident has one key: the source in words, or the target. */
  readonly key: string;
  /** While an incident of this detector and key is open, what is seen is part of that. */
  readonly partOf?: { readonly detector: string; readonly key: string };
  readonly severity: Severity;
  /** A whole sentence without its full stop: `203.0.113.9 scanned the ports of 198.51.100.1`. */
  readonly title: string;
  readonly why: string;
  /** What to do about it; left out: what the detector always says. */
  readonly remedy?: string;
  /** Whose it is; empty where nobody can be named, as in a flood of forged addresses. */
  readonly sources: readonly Prefix[];
  /** Where more sources are behind it than are named. */
  readonly sourceCount?: number;
  /** Beside those that its events name. */
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
  /** How much it says to whoever shuts out: 1, which it is if left out, is enough by itself. */
  readonly weight?: number;
}
