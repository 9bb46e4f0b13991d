import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_nat.c, xt_NETMAP.c: another network, the host bits kept; the hook says which address. */
export const NETMAP: Target = {
  kind: 'target',
  name: 'NETMAP',
  families: [4, 6],
  options: options('*--to NETWORK'),
  meaning: () => ({ kind: 'unknown', target: 'NETMAP' }),
};
