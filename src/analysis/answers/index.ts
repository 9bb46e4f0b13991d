/**
 * Questions about firewalls as wholes, answered for every packet.
 *
 * Each file asks the functions that `symbolic` makes of rules and says what it finds in fields that people know. Sets of
 * packets stay exact until they are said as rows (regions); a witness is one packet of a set, checked by the interpreter.
 * Verbs and audit call it; it reads no machine and draws nothing.
 */
export * from './bystanders.ts';
export * from './conditions.ts';
export * from './diff.ts';
export * from './liveness.ts';
export * from './loops.ts';
export * from './nowhere.ts';
export * from './reach.ts';
export * from './redundancy.ts';
export * from './regions.ts';
export * from './rewrites.ts';
export { type ServiceWords, serviceWords } from './services.ts';
export * from './shadows.ts';
export * from './share.ts';
export * from './towards.ts';
export * from './tracing.ts';
export { outwardLinks } from './usual-values.ts';
export * from './whatif.ts';
export * from './witness.ts';
