import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { whole } from '../../values/number.ts';

/** net/netfilter/xt_ecn.c. */
export const ecn: Match = {
  kind: 'match',
  name: 'ecn',
  families: [4, 6],
  options: options('! --ecn-tcp-ece', '! --ecn-tcp-cwr', ['! --ecn-ip-ect NUMBER', whole(0n, 3n)]),
  limits: [{ kind: 'some', of: ['--ecn-tcp-cwr', '--ecn-tcp-ece', '--ecn-ip-ect'] }],

  meaning: (use) => opaque(use, 'pure'),
};
