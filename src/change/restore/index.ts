/**
 * A whole host put back as it was read: rules of both families and backends with their counters, sets, and lists of addresses seen.
 *
 * `state` says what of a reading can be put back, `sets` which sets change and under which other names rules ask them meanwhile, `files`
 * writes one state as plain files, and `script` makes a host so: forwards by whoever restores, backwards by the guard.
 */
export { unlikeState } from './compared.ts';
export { setsBetween } from './files.ts';
export { restoreOrder } from './order.ts';
export { rehearseWay, type Way } from './rehearsal.ts';
export { restoreHost } from './restore.ts';
export { type HostState, hostState } from './state.ts';
