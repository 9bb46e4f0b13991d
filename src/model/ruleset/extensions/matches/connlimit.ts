import { bitsOf } from '../../../net/index.ts';
import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { u32, whole } from '../../values/number.ts';
import { prefixLength } from '../../values/prefix-length.ts';
import { option, pick } from '../pick.ts';

/** net/netfilter/xt_connlimit.c: counts the connections there are now. */
export const connlimit: Match = {
  kind: 'match',
  name: 'connlimit',
  families: [4, 6],
  options: options(
    ['! --connlimit-upto NUMBER', whole(0n, u32)],
    ['! --connlimit-above NUMBER', whole(0n, u32)],
    ['--connlimit-mask LENGTH', prefixLength],
    '--connlimit-saddr',
    '--connlimit-daddr',
  ),
  limits: [
    { kind: 'one', of: ['--connlimit-upto', '--connlimit-above'] },
    { kind: 'at-most-one', of: ['--connlimit-saddr', '--connlimit-daddr'] },
  ],
  saved(use, _backend, spelled) {
    const [one] = spelled;
    const isAbove = (one?.name === '--connlimit-above') !== one?.inverted;
    return [
      option(isAbove ? '--connlimit-above' : '--connlimit-upto', one?.values[0] ?? ''),
      pick(spelled, '--connlimit-mask')[0] ?? option('--connlimit-mask', String(bitsOf(use.family))),
      pick(spelled, '--connlimit-daddr')[0] ?? option('--connlimit-saddr'),
    ];
  },

  meaning: (use) => opaque(use, 'stateful'),
};
