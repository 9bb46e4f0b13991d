/**
 * What a packet is, what can be said of it, and what can become of it.
 *
 * Holds values only: Packet, Constraint (what a match says), Effect (what a target does), Trace (what became of it).
 * It knows nothing of rulesets; `ruleset` says rules in these words, `analysis` reads them.
 */
export * from './constraint.ts';
export * from './effect.ts';
export * from './json.ts';
export * from './packet.ts';
export * from './trace.ts';
