import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { whole } from '../../values/number.ts';
import { rate } from '../../values/rate.ts';
import { option, pick } from '../pick.ts';

/** Parts of a second in which the kernel counts (XT_LIMIT_SCALE). */
const limitScale = 10_000;

/** net/netfilter/xt_limit.c: a token bucket that every packet takes from. */
export const limit: Match = {
  kind: 'match',
  name: 'limit',
  families: [4, 6],
  options: options(['--limit RATE', rate(limitScale)], ['--limit-burst NUMBER', whole(0n, 10_000n)]),
  saved: (_use, _backend, spelled) => [
    pick(spelled, '--limit')[0] ?? option('--limit', '3/hour'),
    ...pick(spelled, '--limit-burst').filter((one) => one.values[0] !== '5' && one.values[0] !== '0'),
  ],

  meaning: (use) => opaque(use, 'stateful'),
};
