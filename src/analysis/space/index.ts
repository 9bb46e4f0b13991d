/**
 * Sets of packets, and functions of packets, as decision diagrams over the codes of their fields.
 *
 * Each field's values are cut into atoms that no rule tells apart (atoms), which stand as bits at some levels of a diagram
 * (axis, diagram); lists of cases of which the first counts become one function (cases). It knows nothing of rules, hosts
 * or the kernel: `symbolic` says what rules are in these terms, `answers` asks them.
 */
export * from './atoms.ts';
export * from './axis.ts';
export * from './cases.ts';
export * from './diagram.ts';
export * from './split.ts';
