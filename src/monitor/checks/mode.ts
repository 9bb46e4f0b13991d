import type { HostState } from '../state/index.ts';

export type CheckStatus = 'OK' | 'WARNING' | 'CRITICAL' | 'UNKNOWN';

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
  /** What it shows is expected just now, so that no range is held against it: somebody has announced a change. */
  readonly expected?: true;
}

export interface CheckResult {
  /** What is so whatever the ranges say; the worst of this and of all measures counts. */
  readonly status: CheckStatus;
  /** One line. What others wrote (names, comments) may stand in it as it is: `judge` makes it harmless. */
  readonly text: string;
  /** Further lines, the worst first. */
  readonly more: readonly string[];
  readonly measures: readonly Measure[];
}

/** What a check can be told besides ranges. */
export interface CheckOptions {
  /** Nothing but these: chains, sets, channels, ports, checks, by what the mode is about. Empty: all. */
  readonly only: readonly string[];
  readonly except: readonly string[];
  /** Rules, by id, comment or a part of their text. */
  readonly rule: readonly string[];
  readonly expect: 'hit' | 'quiet';
  /** Seconds; `null`: ever since the rule was first seen. */
  readonly within: number | null;
}

export const noOptions: CheckOptions = { only: [], except: [], rule: [], expect: 'hit', within: null };

/** One thing that `palisade check` can be asked for: one file each. It judges a state; it reads nothing. */
export interface CheckMode {
  readonly name: string;
  /** One clause, no full stop. */
  readonly summary: string;
  /** Of which measure `-w` and `-c` speak: one of {@link measures}, without what follows its dot. */
  readonly measured: string;
  /** What it measures, and what it is: `score`. With a dot, one each of something there may be none of: `fill.NAME`, asked for as `fill`. */
  readonly measures: Readonly<Record<string, string>>;
  /** Options that it heeds, and what they name: `sets`. */
  readonly heeds: Readonly<Partial<Record<keyof CheckOptions, string>>>;
  /** @param now epoch seconds */
  run(state: HostState, now: number, options: CheckOptions): CheckResult;
}

/** The measures of a mode as `--measure` names them. */
export function stemsOf({ measures }: CheckMode): readonly string[] {
  return Object.keys(measures).map(stemOf);
}

/** Whether a measure that was asked for has to be there. */
export function isOne({ measures }: CheckMode, stem: string): boolean {
  return Object.keys(measures).includes(stem);
}

function stemOf(label: string): string {
  return label.split('.', 1)[0] ?? label;
}

/** The same measure goes by its label, whatever follows after a dot. */
export function isMeasuredAs(measure: Measure, stem: string): boolean {
  return measure.label === stem || measure.label.startsWith(`${stem}.`);
}

/** From what is well to what is worst. What nobody knows may be critical, so that it goes before a warning, and nothing known is worse than critical. */
const order: readonly CheckStatus[] = ['OK', 'WARNING', 'UNKNOWN', 'CRITICAL'];

/** The worst of several; of none, OK. */
export function worstOf(statuses: readonly CheckStatus[]): CheckStatus {
  return order[Math.max(0, ...statuses.map((status) => order.indexOf(status)))] ?? 'UNKNOWN';
}

/** What cannot be told: why, and what to do about it. */
export function unknown({ why, remedy }: { readonly why: string; readonly remedy: string }): CheckResult {
  return { status: 'UNKNOWN', text: remedy === '' ? why : `${why}; ${remedy}`, more: [], measures: [] };
}
