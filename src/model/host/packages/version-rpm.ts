import { compareNumbers, compareTexts } from './version-dpkg.ts';

/**
 * Compares `[EPOCH:]VERSION[-RELEASE]` of two rpm packages: negative when `a` is the earlier one. A missing epoch is 0, a missing
 * release is before all others (rpm's rpmverCmp).
 */
export function compareRpm(a: string, b: string): number {
  const [one, other] = [split(a), split(b)];
  return (
    compareNumbers(one.epoch, other.epoch) ||
    compareRpmPart(one.version, other.version) ||
    Number(one.release !== null) - Number(other.release !== null) ||
    compareRpmPart(one.release ?? '', other.release ?? '')
  );
}

function split(text: string): { readonly epoch: string; readonly version: string; readonly release: string | null } {
  const epoch = /^(\d*):/.exec(text);
  const rest = text.slice(epoch?.[0].length ?? 0);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: epoch?.[1] ?? '',
    version: dash < 0 ? rest : rest.slice(0, dash),
    release: dash < 0 ? null : rest.slice(dash + 1),
  };
}

/**
 * One version or one release (rpm's rpmvercmp): runs of digits or of letters, whatever stands between them. A number is later than
 * letters, `~` is before everything and the end, `^` after the end and before all else.
 */
export function compareRpmPart(a: string, b: string): number {
  if (a === b) return 0;
  const [one, other] = [segments(a), segments(b)];
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const [left, right] = [one[at], other[at]];
    if (left === '~' || right === '~') {
      if (left === right) continue;
      return left === '~' ? -1 : 1;
    }
    if (left === '^' || right === '^') {
      if (left === right) continue;
      if (left === undefined) return -1;
      if (right === undefined) return 1;
      return left === '^' ? -1 : 1;
    }
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    const difference = compareSegments(left, right);
    if (difference !== 0) return difference;
  }
  return 0;
}

function segments(text: string): readonly string[] {
  return text.match(/\d+|[A-Za-z]+|~|\^/g) ?? [];
}

function compareSegments(a: string, b: string): number {
  const [numeric, other] = [/^\d/.test(a), /^\d/.test(b)];
  if (numeric !== other) return numeric ? 1 : -1;
  return numeric ? compareNumbers(a, b) : compareTexts(a, b);
}
