import type { HostState } from '../state/index.ts';

/** Something that a check measures. Its value becomes perfdata, and is held against the ranges that were asked for. */
export interface Measure {
  /** As perfdata labels go: `findings_high`. Chains, sets and channels follow after a dot. */
  readonly label: string;
  /** `null`: not known, which makes the check UNKNOWN unless something known is worse. */
  readonly value: number | null;
  /** `''`, `s`, `%`, `B` or `c` (monitoring plugins' development guidelines). */
  readonly unit: '' | 's' | '%' | 'B' | 'c';
  /** Ranges that hold unless others were asked for (`-w`, `-c`). */
  readonly warning?: string;
  readonly critical?: string;
  readonly least?: number;
  readonly most?: number;
}

export interface CheckResult {
  /** What is so whatever the ranges say; the worst of this and of all measures counts. */
  readonly status: 'OK' | 'WARNING' | 'CRITICAL' | 'UNKNOWN';
  /** One line, without a bar. */
  readonly text: string;
  /** Further lines, the worst first. */
  readonly more: readonly string[];
  readonly measures: readonly Measure[];
}

/** One thing that `palisade check` can be asked for: one file each. It judges a state; it reads nothing. */
export interface CheckMode {
  readonly name: string;
  /** One clause, no full stop. */
  readonly summary: string;
  /** Of which measure `-w` and `-c` speak: its label, or how it begins. */
  readonly measured: string;
  /** @param now epoch seconds */
  run(state: HostState, now: number): CheckResult;
}
