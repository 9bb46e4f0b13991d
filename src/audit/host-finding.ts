import type { Known } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import type { Answer, Check } from './check.ts';
import { shellWord } from './command.ts';
import type { Finding, Severity } from './finding.ts';

/** What a finding about the host says; no packet shows it and no rule is to blame. */
export interface Said {
  /** Default: the check's. */
  readonly severity?: Severity;
  readonly certainty?: Finding['certainty'];
  readonly family?: Family | null;
  readonly title: string;
  readonly why: string;
  readonly fix: string;
}

export function hostFinding(check: Check, said: Said): Finding {
  const { severity = check.severity, certainty = 'certain', family = null, title, why, fix } = said;
  return { id: check.id, severity, certainty, title, why, family, at: [], causedBy: [], witness: null, fix, refs: check.refs };
}

export const fine: Answer = { findings: [], unknown: [] };

export function found(check: Check, ...said: readonly Said[]): Answer {
  return { findings: said.map((each) => hostFinding(check, each)), unknown: [] };
}

/** The check cannot be answered. */
export function unanswered(check: Check, fact: { readonly why: string; readonly remedy: string }): Answer {
  return { findings: [], unknown: [{ id: check.id, why: fact.why, remedy: fact.remedy }] };
}

/** Answers from facts that must all be known. */
export function given<T extends readonly Known<unknown>[]>(
  check: Check,
  facts: readonly [...T],
  answer: (...values: { [K in keyof T]: T[K] extends Known<infer V> ? V : never }) => Answer,
): Answer {
  const missing = facts.find((fact) => !fact.known);
  if (missing?.known === false) return unanswered(check, missing);
  const values = facts.map((fact) => (fact.known ? fact.value : undefined));
  return answer(...(values as { [K in keyof T]: T[K] extends Known<infer V> ? V : never }));
}

export function both(...answers: readonly Answer[]): Answer {
  return { findings: answers.flatMap(({ findings }) => findings), unknown: answers.flatMap(({ unknown }) => unknown) };
}

export { shellWord };
