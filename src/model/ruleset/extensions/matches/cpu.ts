import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_cpu.c: which processor it is handled on. */
export const cpu: Match = {
  kind: 'match',
  name: 'cpu',
  families: [4, 6],
  options: options('*! --cpu NUMBER'),
  meaning: (use) => opaque(use, 'stateful'),
};
