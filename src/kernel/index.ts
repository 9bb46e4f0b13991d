/**
 * The machine itself: what its tools print, throw-away network namespaces, and packets in and out of it.
 *
 * This is the privilege boundary. It takes plain arguments and gives raw texts and bytes; it understands none of
 * them, decides nothing and imports of `model` only types. No other folder starts a process or talks to libc.
 * `verbs` read the host through it, `watch/sources` follows the kernel's log with it, and tests make their namespaces.
 */
export { countBanSets, exchangeBanSet, makeBanSets, restoreBans } from './ban-load.ts';
export { type BanEntry, banSetNames, createBanSets, longestBanSeconds } from './ban-set.ts';
export { type BanSets, openBanSets } from './ban-sets.ts';
export type { Actor, By, Change, Changes, ChangesOptions } from './changes/index.ts';
export * from './child.ts';
export type { ConnectionTexts } from './connections.ts';
export { type Contacts, contactsWith } from './contacts.ts';
export { type Handed, type HandedLook, openHanded } from './handed/index.ts';
export * from './kernel.ts';
export * from './kmsg.ts';
export * from './link.ts';
export type { RehearsalInput, RulesetTexts } from './load.ts';
export * from './namespace.ts';
export * from './nflog.ts';
export type { Observed } from './observed.ts';
export * from './packets.ts';
export { type KeptTexts, nftTexts } from './read.ts';
export * from './refusal.ts';
export * from './rehearsal.ts';
export { policyChains, type RestoreTable, takeRestorable } from './restorable.ts';
export * from './restore.ts';
export * from './run.ts';
export { unsendable } from './sendable.ts';
export { type SetFill, setFills } from './set-fills.ts';
export type { Stage, StagedRoute } from './stage.ts';
export type { StagedRule } from './staged-rule.ts';
export type { OpenConnection } from './track.ts';
