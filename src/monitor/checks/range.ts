/**
 * A range of the monitoring plugins' guidelines: `[@]start:end`. `alerts` says whether a value is one to tell of: outside of it, or with
 * `@` inside of it, ends included.
 */
export interface Range {
  /** As it was written; it stands so in performance data. */
  readonly text: string;
  alerts(value: number): boolean;
}

export type RangeRead = { readonly ok: true; readonly range: Range } | { readonly ok: false; readonly why: string };

const form = /^(@?)(?:(~|-?\d+(?:\.\d+)?)?(:))?(-?\d+(?:\.\d+)?)?$/;

/** Reads `10`, `10:`, `~:10`, `10:20`, `@10:20`. A start that is not written is 0, and an end that is not written is infinite. */
export function readRange(text: string): RangeRead {
  const found = form.exec(text);
  if (found === null) return { ok: false, why: `"${text}" is no range` };
  const [, inside, start, , end] = found;
  if (start === undefined && end === undefined) return { ok: false, why: `"${text}" has neither a start nor an end` };
  const least = start === '~' ? Number.NEGATIVE_INFINITY : Number(start ?? 0);
  const most = end === undefined ? Number.POSITIVE_INFINITY : Number(end);
  if (least > most) return { ok: false, why: `"${text}" starts behind its end` };
  const within = (value: number): boolean => value >= least && value <= most;
  return { ok: true, range: { text, alerts: inside === '@' ? within : (value) => !within(value) } };
}
