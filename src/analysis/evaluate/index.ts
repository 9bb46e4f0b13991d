/**
 * The plain interpreter: one packet, all the tables and chains of its way, rule by rule, in the kernel's order.
 *
 * Slow, exact and easy to read on purpose, since the packet-space engine and `--prove` are checked against it;
 * so it builds no index over rules and never imports `space`. Audit, `trace` and tests call it.
 */

export { createEvaluator, type Evaluator, takenForGranted } from './evaluator.ts';
export { createLogging, type LoggedWay, type Logging } from './logging.ts';
