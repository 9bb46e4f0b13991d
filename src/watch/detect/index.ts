/**
 * Attacks, seen in events: one file a detector under `detectors/`, each in the same form.
 *
 * Pure: batches of events in, incidents out, on the events' own clock. Its memory has a fixed ceiling whatever is sent. It shuts out nobody
 * (that is `bans`). Called by whoever watches a host, and by `simulate`.
 */
export { createDetection, type Detection, type DetectionCounts, type DetectionSettings } from './detection.ts';
export type { Detector, DetectorContext, Looking, Sighting } from './detector.ts';
export { detectors } from './detectors/index.ts';
export { manualOfDetectors } from './manual.ts';
export type { Observation } from './observation.ts';
export { type Surroundings, unknownSurroundings } from './surroundings.ts';
