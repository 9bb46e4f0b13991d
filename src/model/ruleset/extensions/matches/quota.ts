import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { u64, whole } from '../../values/number.ts';

/** net/netfilter/xt_quota.c: bytes that are used up. */
export const quota: Match = {
  kind: 'match',
  name: 'quota',
  families: [4, 6],
  options: options(['*! --quota BYTES', whole(0n, u64)]),

  meaning: (use) => opaque(use, 'stateful'),
};
