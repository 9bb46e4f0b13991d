/**
 * Snapshots, as a person asks for them: taken, listed, looked into, compared, written out and read in.
 *
 * `keeping` is what other verbs call before and after they change something. How a snapshot lies on the disk is `change/snapshots`'.
 */
export { chosenSnapshot } from './chosen.ts';
export { compare } from './comparing.ts';
export { create, keygen } from './creating.ts';
export { exportTo, importFrom } from './files.ts';
export { keepSnapshot } from './keeping.ts';
export { prune } from './pruning.ts';
export { createDue } from './scheduled.ts';
export { install as schedule, remove as unschedule, show as scheduled } from './scheduling.ts';
export { list, show, verify } from './showing.ts';
