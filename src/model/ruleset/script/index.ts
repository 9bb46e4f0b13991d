/**
 * Shell scripts and pasted guides as far as they are calls of iptables: what each line says, and what rules it would leave.
 *
 * `parseScript` cuts the text as a shell does and takes each call apart as iptables does; `runScript` keeps the rules that
 * would stand after each of them; `scriptStates` stops after each. Nothing is ever run, no variable or condition is guessed: what only a running shell can
 * tell is said to be not understood, with its line. Called by `verbs`.
 */
export type { StandingRule } from './firewall.ts';
export { backendOf, type Left, type RunOptions, runScript, type State, type Step, type Steps, scriptStates } from './run.ts';
export { parseScript, type Script, type Statement } from './script.ts';
