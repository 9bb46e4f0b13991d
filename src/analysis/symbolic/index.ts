/**
 * The rules of a host as functions of a packet: what `evaluate` answers for one packet, here for all of them at once.
 *
 * Matches become sets of packets (matching, members, addresstypes), targets changes and endings (effects, change, ending),
 * chains functions that end in leaves (chains), and the tables of a way through the host one function of the packet as it
 * arrives (way). What no field tells is a variable of its own, so that answers say on which matches they depend.
 * `answers` asks these functions; a test compares each with the interpreter, which never imports this.
 */
export { type Answer, createAnswering } from './answer.ts';
export type { Change } from './change.ts';
export type { Decision, Ending } from './ending.ts';
export type { FieldName, Layout } from './layout.ts';
export { createSpace, type Firewall, type Source, type Space } from './symbolic.ts';
export type { Stop, Way } from './way.ts';
