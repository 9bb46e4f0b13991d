import type { HostState, StateRead } from '../state/index.ts';
import {
  type CheckMode,
  type CheckOptions,
  type CheckResult,
  type CheckStatus,
  isMeasuredAs,
  isOne,
  unknown,
  worstOf,
} from './mode.ts';
import { type PluginText, plainNumber, pluginText, type Shown } from './output.ts';
import { type Range, readRange } from './range.ts';

/** Ranges that somebody asked for, in place of those that a mode has by itself. */
export interface Asked {
  readonly warning: Range | null;
  readonly critical: Range | null;
  /** Of which measure they speak; `null`: of the mode's own. */
  readonly measure: string | null;
}

export const nothingAsked: Asked = { warning: null, critical: null, measure: null };

export interface Judged {
  readonly status: CheckStatus;
  readonly text: PluginText;
}

/** The exit code of each, as monitoring systems know them. */
export const exits = { OK: 0, WARNING: 1, CRITICAL: 2, UNKNOWN: 3 } as const satisfies Record<CheckStatus, number>;

/** What is to be said of a state that was read or not. A state that has had its time says nothing of now. */
export function check(mode: CheckMode, read: StateRead, now: number, options: CheckOptions, asked: Asked): Judged {
  if (!read.ok) return judge(mode, unknown({ why: read.problem.message, remedy: read.problem.hint }), nothingAsked);
  const stale = staleness(read.state, now);
  return judge(mode, stale ?? mode.run(read.state, now, options), stale === null ? asked : nothingAsked);
}

function staleness(state: HostState, now: number): CheckResult | null {
  if (now <= state.until) return null;
  const age = `${Math.round(now - state.at)} s old`;
  return unknown({
    why: `what is published is ${age}, and says nothing of now`,
    remedy: 'see whether palisade up still runs here',
  });
}

/** Holds a result against the ranges. */
export function judge(mode: CheckMode, result: CheckResult, asked: Asked): Judged {
  const stem = asked.measure ?? mode.measured;
  const isAsked = asked.warning !== null || asked.critical !== null;
  const isLacking = isAsked && isOne(mode, stem) && !result.measures.some((measure) => isMeasuredAs(measure, stem));
  const shown: readonly Shown[] = result.measures.map((measure) => {
    if (!isMeasuredAs(measure, stem) || !isAsked) return measure;
    // Whoever asks for one range means no other.
    const { warning: _, critical: __, ...rest } = measure;
    return {
      ...rest,
      ...(asked.warning !== null && { warning: asked.warning.text }),
      ...(asked.critical !== null && { critical: asked.critical.text }),
    };
  });
  const found = shown.map((measure) => ({ measure, status: statusOf(measure) }));
  const status = worstOf([result.status, isLacking ? 'UNKNOWN' : 'OK', ...found.map((one) => one.status)]);
  const beyond = [...found.filter((one) => one.status === 'CRITICAL'), ...found.filter((one) => one.status === 'WARNING')];
  const lines = beyond.map(({ measure, status: worse }) => {
    const range = worse === 'CRITICAL' ? measure.critical : measure.warning;
    return `${worse}: ${measure.label} is ${plainNumber(measure.value ?? 0)}${{ c: '', '': '', '%': ' %', s: ' s', B: ' B' }[measure.unit]}, and the range is ${range}`;
  });
  const unsaid = [
    ...found.filter((one) => one.measure.value === null).map(({ measure }) => measure.label),
    ...(isLacking ? [stem] : []),
  ];
  return {
    status,
    text: pluginText(
      status,
      result.text,
      [...lines, ...unsaid.map((label) => `UNKNOWN: ${label} is not known`), ...result.more],
      shown,
    ),
  };
}

function statusOf(measure: Shown): CheckStatus {
  if (measure.expected === true) return 'OK';
  if (measure.value === null) return 'UNKNOWN';
  if (alerts(measure.critical, measure.value)) return 'CRITICAL';
  return alerts(measure.warning, measure.value) ? 'WARNING' : 'OK';
}

function alerts(text: string | undefined, value: number): boolean {
  if (text === undefined) return false;
  const read = readRange(text);
  if (!read.ok) throw new Error(read.why);
  return read.range.alerts(value);
}
