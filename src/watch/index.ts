/**
 * What happens to the firewall: packets that the kernel logs, as events; attacks in them, as incidents; and whom to shut out.
 *
 * `events` reads them, `sources` brings them, `detect` sees attacks in them, `incidents` keeps these together, `bans` decides; `host`
 * makes incidents of what the host itself has to say. It judges no ruleset (that is `audit`) and changes nothing. Called by `verbs`.
 */
export * from './bans/index.ts';
export * from './counters/index.ts';
export * from './detect/index.ts';
export * from './events/index.ts';
export * from './host/index.ts';
export * from './incidents/index.ts';
export * from './sources/index.ts';
