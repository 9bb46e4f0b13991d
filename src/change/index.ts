/**
 * How a firewall becomes what its policy says, and stays so.
 *
 * `plan` says what would change: the rules of each family as they are to be, beside what others keep there, and what becomes of
 * those who manage the host now. It changes nothing; verbs read the host and call it.
 */
export { type Other, othersOn } from './plan/others.ts';
export { plannedRuleset } from './plan/planned.ts';
export { fatesOf, type SessionFate } from './plan/sessions.ts';
export { situationOf } from './plan/situation.ts';
export { type LineChange, textDiff } from './plan/text-diff.ts';
