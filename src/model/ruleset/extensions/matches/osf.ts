import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { whole } from '../../values/number.ts';
import { plainName } from '../../values/text.ts';

/** net/netfilter/xt_osf.c: guesses the sender's system from its SYN. */
export const osf: Match = {
  kind: 'match',
  name: 'osf',
  families: [4, 6],
  options: options(['*! --genre NAME', plainName(31, 'cut')], ['--ttl LEVEL', whole(0n, 2n)], ['--log LEVEL', whole(0n, 2n)]),

  meaning: (use) => opaque(use, 'pure'),
};
