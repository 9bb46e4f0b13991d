import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/ipv4/netfilter/ipt_SYNPROXY.c: answers SYNs itself and steals or drops what does not fit. */
export const SYNPROXY: Target = {
  kind: 'target',
  name: 'SYNPROXY',
  families: [4, 6],
  options: options('--sack-perm', '--timestamp', '--wscale NUMBER', '--mss NUMBER', '--ecn'),
  meaning: () => ({ kind: 'unknown', target: 'SYNPROXY' }),
};
