import type { Ranges } from '../../model/net/index.ts';
import type { Constraint } from '../../model/packet/index.ts';
import type { UnderstoodRule } from '../evaluate/rules.ts';

/** Fields that tell at a glance that no packet meets two rules; of these, those that no rule rewrites. */
export type TellingField = 'src' | 'dst' | 'sport' | 'dport' | 'proto' | 'in' | 'out';

/** Whether a packet may meet both rules; true where that is not seen at a glance. */
export function mayMeet(left: UnderstoodRule, right: UnderstoodRule, telling: ReadonlySet<TellingField>): boolean {
  if (overlap(left.constraint, right.constraint, telling)) return true;
  // Of later fragments rules may ask less.
  const [one, other] = [left.onFragment, right.onFragment];
  return (one !== left.constraint || other !== right.constraint) && overlap(one, other, telling);
}

function overlap(left: Constraint, right: Constraint, telling: ReadonlySet<TellingField>): boolean {
  for (const one of partsOf(left)) for (const other of partsOf(right)) if (areApart(one, other, telling)) return false;
  return true;
}

function partsOf(constraint: Constraint): readonly Constraint[] {
  return constraint.kind === 'all' ? constraint.of : [constraint];
}

function areApart(left: Constraint, right: Constraint, telling: ReadonlySet<TellingField>): boolean {
  if (left.kind === 'never' || right.kind === 'never') return true;
  if (left.kind === 'address' && right.kind === 'address')
    return left.field === right.field && telling.has(left.field as TellingField) && areDisjoint(left.ranges, right.ranges);
  if (left.kind === 'number' && right.kind === 'number')
    return left.field === right.field && telling.has(left.field as TellingField) && areDisjoint(left.ranges, right.ranges);
  if (left.kind === 'interface' && right.kind === 'interface') {
    if (left.field !== right.field) return false;
    if (left.prefix) return !right.name.startsWith(left.name) && !(right.prefix && left.name.startsWith(right.name));
    return right.prefix ? !left.name.startsWith(right.name) : left.name !== right.name;
  }
  return false;
}

function areDisjoint<T extends number | bigint>(left: Ranges<T>, right: Ranges<T>): boolean {
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    const [one, other] = [left[i] as readonly [T, T], right[j] as readonly [T, T]];
    if (one[1] < other[0]) i += 1;
    else if (other[1] < one[0]) j += 1;
    else return false;
  }
  return true;
}
