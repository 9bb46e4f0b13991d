import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { u32, whole } from '../../values/number.ts';

/** net/netfilter/xt_cpu.c: which processor it is handled on. */
export const cpu: Match = {
  kind: 'match',
  name: 'cpu',
  families: [4, 6],
  options: options(['*! --cpu NUMBER', whole(0n, u32)]),

  meaning: (use) => opaque(use, 'stateful'),
};
