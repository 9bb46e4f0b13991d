/**
 * Incidents: what detectors saw, put together as what happened, and its life from the first event to the last.
 *
 * Pure: it is told what was seen and what time it is. It tells nobody (that is `alert`) and keeps nothing (that is `store`). Called by
 * `detect`.
 */
export type { Happening, SuspectSource } from './happening.ts';
export type { Incident, Severity } from './incident.ts';
