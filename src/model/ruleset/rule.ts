import type { Family } from '../net/index.ts';
import type { Command } from './core.ts';
import type { Given, Match, Target } from './extension.ts';

/** Where a rule's tokens stand; the rule reader looks at nothing else. */
export interface RuleSource {
  readonly family: Family;
  readonly text: string;
  /** `start, end` of every token. */
  readonly offsets: Int32Array;
  readonly firstToken: number;
  readonly tokenCount: number;
  isChain(name: string): boolean;
  /** Of each token; quotes are looked for only where this says there may be some. */
  readonly roles: Uint8Array;
  /** Whether to note in `roles` how each value prints. */
  readonly noting: boolean;
}

/** A rule taken apart: who does what, nothing evaluated yet. */
export interface RuleParts {
  readonly command: Command;
  readonly chain: string;
  /** For `insert`: from 1. */
  readonly position: number;
  /** For `policy`. */
  readonly policy: string;
  readonly counters: readonly [string, string] | null;
  readonly conditions: readonly Condition[];
  /** In the order of the rule, those that `-p` implies where their first option stands. */
  readonly matches: readonly Used<Match>[];
  readonly target: TargetPart;
}

/** One of the rule's own conditions, `-p` to `-f`. `fragment` has no value. */
export interface Condition {
  readonly kind: 'proto' | 'src' | 'dst' | 'in' | 'out' | 'fragment';
  readonly inverted: boolean;
  readonly value: string;
  /** Token of the value. */
  readonly token: number;
}

export type TargetPart =
  | { readonly kind: 'none' }
  | { readonly kind: 'verdict'; readonly name: string; readonly token: number }
  | { readonly kind: 'chain'; readonly name: string; readonly goto: boolean; readonly token: number }
  | { readonly kind: 'extension'; readonly use: Used<Target> };

/** An extension in a rule. */
export interface Used<E extends Match | Target> {
  readonly kind: E['kind'];
  readonly name: string;
  /** `null`: palisade does not know it, and its tokens are kept as they stand. */
  readonly extension: E | null;
  /** True if `-p` alone brought it in. */
  readonly implied: boolean;
  readonly given: readonly GivenAt[];
  /** Its tokens as pairs of first and behind-last index. */
  readonly spans: readonly number[];
}

export interface GivenAt extends Given {
  /** Token of the option's name. */
  readonly token: number;
}

/** What is wrong with a rule, at which of its tokens. */
export interface RuleFault {
  readonly kind: 'fault';
  readonly token: number;
  readonly message: string;
  readonly hint: string;
  /** Most likely a name with blanks, which iptables-save prints without quotes. */
  readonly bare?: true;
}

/** A rule that says to be for the other family (`-4`, `-6`): it is none of this ruleset's. */
export interface Skipped {
  readonly kind: 'skipped';
}

export function fault(token: number, message: string, hint: string): RuleFault {
  return { kind: 'fault', token, message, hint };
}
