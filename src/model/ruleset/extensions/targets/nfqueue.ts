import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_NFQUEUE.c: a program decides. */
export const NFQUEUE: Target = {
  kind: 'target',
  name: 'NFQUEUE',
  families: [4, 6],
  options: options('--queue-num NUMBER', '--queue-balance RANGE', '--queue-bypass', '--queue-cpu-fanout'),
  meaning: () => ({ kind: 'verdict', verdict: 'QUEUE' }),
};
