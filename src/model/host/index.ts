/**
 * One machine at one moment: its rulesets, sets and facts, each known or unknown with why and what to do about it.
 *
 * Raw texts of tools (`hostFromTexts`) and files (`hostFromFiles`) become a Host here, by the same parsers. It asks
 * nothing of any machine: `kernel` brings the texts, verbs read the files. `analysis` and `audit` read hosts.
 */
export * from './backends.ts';
export * from './facts.ts';
export * from './files.ts';
export * from './host.ts';
export * from './ipset.ts';
export * from './known.ts';
export * from './live.ts';
export * from './texts.ts';
