/**
 * A whole host put back as it was read: rules of both families and backends with their counters, sets, and lists of addresses seen.
 *
 * `state` says what of a reading can be put back, `sets` which sets change and under which other names rules ask them meanwhile, `files`
 * writes one state as plain files, and `script` makes a host so: forwards by whoever restores, backwards by the guard.
 */
export { type Place, stateFiles } from './files.ts';
export { restoreScript, restoreWords } from './script.ts';
export { type HostState, hostState } from './state.ts';
