import type { Severity } from '../finding.ts';
import type { StandardKey } from '../standards/index.ts';

/** For whom an audit is: what is asked, and what weighs more or less than usual. A profile is one file that exports one of these. */
export interface Profile {
  readonly name: string;
  /** One clause, no full stop. */
  readonly summary: string;
  /** The standards whose controls are counted one by one. */
  readonly standards: readonly StandardKey[];
  /** Only checks that answer to one of `standards` are asked. */
  readonly onlyStandards: boolean;
  /** Checks that are not asked, each with why. */
  readonly leavesOut: Readonly<Record<string, string>>;
  /** The severity that findings of a check usually have here; a finding that the check itself made graver or milder stays so much graver or milder. */
  readonly severities: Readonly<Record<string, Severity>>;
}
