/**
 * What a firewall should be: the administrator's policy file, one for IPv4 and IPv6, and what it becomes.
 *
 * `load` reads the file into a Policy, with every problem at its place; `compile` turns that into chains and sets of palisade's
 * own; `decide` says slowly and plainly what a policy means, to judge it by. Nothing here reads a file, asks the host or
 * changes anything: verbs hand in texts, and `change` brings rules to the kernel.
 */
export { type Adopted, type AdoptedRule, adopt } from './adopt/adopt.ts';
export { namesIn } from './adopt/names.ts';
export { builtinChains } from './builtins.ts';
export { aloneText } from './compile/alone.ts';
export * from './compile/compile.ts';
export { plainConditions } from './compile/plain.ts';
export { prefixesOf } from './compile/prefixes.ts';
export { type CompiledSet, setsText } from './compile/sets.ts';
export { decide } from './decide.ts';
export type { Answers, Audience, Offer } from './draft/answers.ts';
export { draftPolicy } from './draft/draft.ts';
export { groundOf, type Suggestion, suggest } from './draft/suggest.ts';
export { type Doors, emergencyOf } from './emergency.ts';
export { type Delegated, readDelegated } from './load/delegated.ts';
export { type ListLine, linesOf } from './load/list.ts';
export { readMember } from './load/names.ts';
export { type Beside, type Fetched, type PolicyText, readPolicy, readPolicyFiles } from './load/read.ts';
export { isFeedAddress, policySchema } from './load/schema.ts';
export type { Source } from './load/sets.ts';
export { strangersAmong } from './logins.ts';
export * from './policy.ts';
export { aloneHost, type Proof, proofSteps, prove, type WayProof } from './prove.ts';
export { mergeServices, readService, serviceHint } from './services/services.ts';
export { type Left, sparing } from './sparing.ts';
export { firstPackets, runTests, type TestResult } from './tests.ts';
export type { Situation } from './usual.ts';
