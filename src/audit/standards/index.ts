/**
 * Which controls of which standards each check answers to, as data: numbers differ between editions, so each standard names
 * the one that its numbers are of, and says which of them are from memory.
 *
 * Nothing here is judged: `controls.ts` counts by control what checks found. Checks, reports and the documentation read it.
 */
export { checksFor, mappedChecks, referencesOf, refsOf, standardsOf } from './mapped.ts';
export { type Control, controlsIn } from './scope.ts';
export { type Reference, type Standard, type StandardKey, standards } from './standard.ts';
