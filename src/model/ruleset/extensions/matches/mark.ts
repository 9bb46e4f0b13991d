import { always, type BitField, type Constraint, invertIf } from '../../../packet/index.ts';
import { type Bad, badValue, given, type Match, type Use } from '../../extension.ts';
import { options } from '../../option.ts';
import { markHint, markValue, readMark } from '../../values/mark.ts';

/** net/netfilter/xt_mark.c: `(mark & mask) == value`; the value is not masked, so it may ask for the impossible. */
export const mark: Match = {
  kind: 'match',
  name: 'mark',
  families: [4, 6],
  options: options(['*! --mark VALUE', markValue]),

  meaning: (use) => markIs(use, 'mark'),
};

/** `--mark` of either mark. */
export function markIs(use: Use, field: BitField): Constraint | Bad {
  const one = given(use, '--mark');
  if (one === undefined) return always;
  const read = readMark(one.values[0] ?? '');
  return read === undefined ? badValue(one, markHint) : invertIf(one.inverted, { kind: 'bits', field, ...read });
}
