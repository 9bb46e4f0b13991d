/**
 * What happens to the firewall: packets that the kernel logs, as events.
 *
 * `events` reads them, `sources` brings them. It judges no ruleset (that is `audit`) and changes nothing. Called by
 * `verbs`.
 */
export * from './events/index.ts';
export * from './sources/index.ts';
