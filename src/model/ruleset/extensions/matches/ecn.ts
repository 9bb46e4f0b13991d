import { type Constraint, invertIf } from '../../../packet/index.ts';
import { allMeanings, type Bad, badValue, type Given, type Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { readNumber, whole } from '../../values/number.ts';
import { serviceIs } from '../service.ts';

/** net/netfilter/xt_ecn.c. */
export const ecn: Match = {
  kind: 'match',
  name: 'ecn',
  families: [4, 6],
  options: options('! --ecn-tcp-ece', '! --ecn-tcp-cwr', ['! --ecn-ip-ect NUMBER', whole(0n, 3n)]),
  limits: [{ kind: 'some', of: ['--ecn-tcp-cwr', '--ecn-tcp-ece', '--ecn-ip-ect'] }],

  meaning: (use) => allMeanings(...use.given.map(asked)),
};

/** ECE and CWR are bits of the TCP header beside those that are a packet's flags. */
function asked(one: Given): Constraint | Bad {
  if (one.name !== '--ecn-ip-ect')
    return invertIf(one.inverted, { kind: 'opaque', text: `-m ecn ${one.name}`, nature: 'pure', hotdrop: false, unknown: false });
  const value = readNumber(one.values[0] ?? '', 3);
  return value === undefined ? badValue(one, 'write a number from 0 to 3') : invertIf(one.inverted, serviceIs(3, value));
}
