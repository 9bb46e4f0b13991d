import { always, type Constraint, invertIf } from '../../../packet/index.ts';
import { allMeanings, type Bad, bad, badValue, given, type Match, type Use } from '../../extension.ts';
import { options } from '../../option.ts';
import { readAddress } from '../../values/address.ts';
import { addressWithin } from '../within.ts';

/** net/netfilter/xt_iprange.c. */
export const iprange: Match = {
  kind: 'match',
  name: 'iprange',
  families: [4, 6],
  options: options('! --src-range FROM-TO', '! --dst-range FROM-TO'),
  meaning(use) {
    if (use.given.length === 0) return bad('-m iprange has no range', 'write --src-range or --dst-range');
    return allMeanings(within(use, '--src-range', 'src'), within(use, '--dst-range', 'dst'));
  },
};

function within(use: Use, name: string, field: 'src' | 'dst'): Constraint | Bad {
  const one = given(use, name);
  if (one === undefined) return always;
  const [from, to, ...rest] = (one.values[0] ?? '').split('-').map((part) => readAddress(part, use.family));
  const last = (one.values[0] ?? '').includes('-') ? to : from;
  if (from === undefined || last === undefined || rest.length > 0) return badValue(one, 'write two addresses with "-" between');
  // Written backwards it holds no address; iptables warns and takes it.
  return invertIf(one.inverted, addressWithin(field, [from, last]));
}
