import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/ipv4/netfilter/ipt_REJECT.c. */
export const REJECT: Target = {
  kind: 'target',
  name: 'REJECT',
  families: [4, 6],
  options: options('--reject-with KIND'),
  meaning: () => ({ kind: 'verdict', verdict: 'REJECT' }),
};
