import type { Severity } from '../words.ts';

/** A finding as seen from one of its rules. */
export interface RuleMark {
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  /** Whether the finding is about this rule, or this rule makes it so. */
  readonly role: 'found' | 'cause';
  readonly href: string;
}
