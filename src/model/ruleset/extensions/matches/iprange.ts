import { always, type Constraint, invertIf } from '../../../packet/index.ts';
import { allMeanings, type Bad, bad, badValue, given, type Match, type Use, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { addressValue, readAddress } from '../../values/address.ts';
import { addressWithin } from '../within.ts';

function within(use: Use, name: string, field: 'src' | 'dst'): Constraint | Bad {
  const one = given(use, name);
  if (one === undefined) return always;
  const [from, to, ...rest] = (one.values[0] ?? '').split('-').map((part) => readAddress(part, use.family));
  const last = (one.values[0] ?? '').includes('-') ? to : from;
  if (from === undefined || last === undefined || rest.length > 0) return badValue(one, 'write two addresses with "-" between');
  // Written backwards it holds no address; iptables warns and takes it.
  return invertIf(one.inverted, addressWithin(field, [from, last]));
}

/** `FROM-TO`, or one address for both. */
const addressRange: ValueType = {
  hint: 'write two addresses with "-" between',
  saved: (text, family) => {
    const [from = '', to = from, ...more] = text.split('-').map((part) => addressValue.saved(part, family) ?? '');
    return from === '' || to === '' || more.length > 0 ? undefined : `${from}-${to}`;
  },
  examples: (family) =>
    family === 4
      ? ['192.0.2.1-192.0.2.9', '192.0.2.1', '0.0.0.0-255.255.255.255', '192.0.2.9-192.0.2.1']
      : ['2001:db8::1-2001:db8::9', '2001:db8::1', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  refused: (family) => (family === 4 ? ['192.0.2.1-', '1.2.3.4-5.6.7.8-9.9.9.9', '1.2.3.256-1.2.3.4'] : ['::-', '::1-::2-::3']),
};

/** net/netfilter/xt_iprange.c. */
export const iprange: Match = {
  kind: 'match',
  name: 'iprange',
  families: [4, 6],
  options: options(['! --src-range FROM-TO', addressRange], ['! --dst-range FROM-TO', addressRange]),

  meaning(use) {
    if (use.given.length === 0) return bad('-m iprange has no range', 'write --src-range or --dst-range');
    return allMeanings(within(use, '--src-range', 'src'), within(use, '--dst-range', 'dst'));
  },
};
