import type { Evaluator } from '../analysis/index.ts';
import type { Host } from '../model/host/index.ts';
import type { Ask } from './engine.ts';
import type { Finding, Severity, Undetermined } from './finding.ts';

/** One thing that an expert looks at. A check is one file under `checks/` that exports one of these. */
export interface Check {
  readonly id: string;
  /** What it verifies, as a clause that is true when all is well. */
  readonly title: string;
  /** The severity its findings usually have; a finding may differ where the title's reason says so. */
  readonly severity: Severity;
  /** S packet-space semantics, Y structure of the rules, H host facts, L live counters. */
  readonly kinds: readonly ('S' | 'Y' | 'H' | 'L')[];
  /** Standards that ask for it, each with its version. */
  readonly refs: readonly string[];
  /** Why it matters, for somebody who has not met it. */
  readonly why: string;
  /** How to mend it in general. */
  readonly fix: string;
  run(subject: Subject): Answer;
  /** Rulesets that must and must not make it fire. They are the check's tests and its documentation. */
  readonly examples: readonly Example[];
}

export interface Subject {
  readonly host: Host;
  readonly evaluator: Evaluator;
  /** Answers for every packet there is. */
  readonly ask: Ask;
}

export interface Answer {
  readonly findings: readonly Finding[];
  readonly unknown: readonly Undetermined[];
}

export interface Example {
  readonly title: string;
  /** Save text of each family; a family left out has no rules, `null` is one that could not be read. */
  readonly v4?: string | null;
  readonly v6?: string | null;
  /** `ipset save` text. */
  readonly sets?: string;
  /** In the shape of a `--facts` file; left out: one link eth0 with 198.51.100.10/24 and 2001:db8::10/64, and software without pending updates. */
  readonly facts?: unknown;
  /** When the host was read, in days since its package lists were fetched; default 0. */
  readonly afterDays?: number;
  /** What the check says: the findings as `severity family`, such as `high 4`; empty when all is well. */
  readonly finds: readonly string[];
  /** How many answers stay unknown. */
  readonly unknown?: number;
}
