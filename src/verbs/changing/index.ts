/**
 * How a verb changes the firewall: rehearse what is to be, write it with somebody standing ready to undo it, wait until it is confirmed
 * or undone, and keep what is known of it in the state folder. `apply`, `confirm`, `rollback` and `uninstall` call it; what is to be
 * (a policy, or an earlier record) they say themselves.
 */
export { carryOut, type Making, remember } from './carry-out.ts';
export { accept, confirm, nothingWaits, settle, settleAlone } from './ending.ts';
export { hear, note, noteAfter } from './noting.ts';
export { rehearseChange } from './prepared.ts';
export { compiledOf, hostWith, lockFileOf, originOf, type PendingRecord, records } from './records.ts';
export { basisOf, isUnchanged } from './unchanged.ts';
export { type Begun, conclude } from './waiting.ts';
