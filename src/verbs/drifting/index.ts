/**
 * How a verb, or whoever keeps watch, sees that somebody changed the firewall: the host as it was last accepted, the host as it is, what tells
 * them apart and which packets that means, and what palisade puts back.
 *
 * What is drift, and what is put back, `change/drift` decides; here hosts are read, long work is done aside, and what is found is written
 * down. `drift`, `change` and the daemon call it.
 */
export { acceptNow, announceChange } from './announcing.ts';
export { type Baseline, baselineNow } from './baseline.ts';
export { type Found, lookForDrift } from './looking.ts';
export { momentNow, type Now } from './moment.ts';
export { noteDrift } from './noting.ts';
export { type Repaired, repairDrift } from './repairing.ts';
