import type { Group, Item, Leave, Report } from '../policy.ts';
import { conditionsOf, conditionText } from './conditions.ts';
import { upToMatch } from './limits.ts';
import { type Compiling, chainFor, joined } from './rules.ts';

/** A group stands in a chain of its own, which its conditions lead to; one that says nothing in this family is not there. */
export function groupLines(
  group: Group,
  compiling: Compiling,
  inside: (items: readonly Item[]) => readonly string[],
): readonly string[] {
  const conditions = conditionsOf(group, compiling.family, compiling.sets);
  if (conditions.length === 0) return [];
  const lines = inside(group.items);
  if (lines.length === 0) {
    // Nothing is said of it, and nothing behind it either.
    return group.leaves ? conditions.map((one) => joined(conditionText(one), group.matches ?? '', '-j RETURN')) : [];
  }
  // Groups of different names keep counts of their own, even if they say the same.
  const chain = chainFor(compiling, 'PART', lines, group.note ?? '');
  return conditions.map((condition) =>
    joined(conditionText(condition), group.matches ?? '', `${group.leaves ? '-g' : '-j'} ${chain}`),
  );
}

export function leaveLines(leave: Leave, { family, sets }: Compiling): readonly string[] {
  return conditionsOf(leave, family, sets).map((condition) => joined(conditionText(condition), '-j RETURN'));
}

export function reportLines(report: Report, { family, sets }: Compiling): readonly string[] {
  const { lines, prefix, level, details } = report;
  const rate = lines === null ? '' : upToMatch(lines);
  const target = joined(
    '-j LOG',
    prefix === null ? '' : `--log-prefix "${prefix}"`,
    level === 4 ? '' : `--log-level ${level}`,
    ...details.map((detail) => `--log-${detail}`),
  );
  return conditionsOf(report, family, sets).map((condition) => joined(conditionText(condition), rate, target));
}
