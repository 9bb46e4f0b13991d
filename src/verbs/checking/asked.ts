import { type Asked, type CheckMode, type CheckOptions, type Range, readRange, stemsOf } from '../../monitor/checks/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import type { CheckInput } from '../check.ts';

/** What the flags ask of a mode, or what of it makes no sense: a check that silently heeds half of what it is told is no check. */
export function askedFor(mode: CheckMode, input: CheckInput): Result<{ options: CheckOptions; ranges: Asked }> {
  const problems: Problem[] = [];
  const refused = (message: string, hint: string): null => {
    problems.push({ code: 'usage', message, hint });
    return null;
  };
  const range = (flag: string, text: string | undefined): Range | null => {
    if (text === undefined) return null;
    const read = readRange(text);
    return read.ok ? read.range : refused(`${flag}: ${read.why}`, 'write a range: 10, 10:, ~:10, 10:20 or @10:20');
  };
  const warning = range('--warning', input.warning);
  const critical = range('--critical', input.critical);
  const { measure = null } = input;
  const stems = stemsOf(mode);
  if (measure !== null && !stems.includes(measure)) {
    refused(`${mode.name} does not measure ${measure}`, `it measures ${stems.join(', ')}`);
  }
  if (measure !== null && warning === null && critical === null && problems.length === 0) {
    refused('--measure goes with a range', 'add -w or -c');
  }
  for (const [flag, isGiven] of [
    ['only', input.only.length > 0],
    ['except', input.except.length > 0],
    ['rule', input.rule.length > 0],
    ['expect', input.expect !== undefined],
    ['within', input.within !== undefined],
  ] as const) {
    if (isGiven && mode.heeds[flag] === undefined) refused(`${mode.name} has no use for --${flag}`, 'leave it out');
  }
  const seconds = input.within === undefined ? null : secondsIn(input.within);
  if (seconds === undefined) refused(`--within cannot be "${input.within}"`, 'write 90s, 15m, 12h, 7d or 2w');
  if (problems.length > 0) return failed(...problems);
  const { only, except, rule, expect = 'hit' } = input;
  return ok({
    options: { only: words(only), except: words(except), rule, expect, within: seconds ?? null },
    ranges: { warning, critical, measure },
  });
}

/** Lists may be written with commas, as in configuration files of others. */
function words(lists: readonly string[]): readonly string[] {
  return lists.flatMap((list) => list.split(',').map((word) => word.trim())).filter((word) => word !== '');
}

const units = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

function secondsIn(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,9})([smhdw]?)$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * units[(unit === '' ? 's' : unit) as keyof typeof units];
}
