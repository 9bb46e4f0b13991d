import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_TCPOPTSTRIP.c. */
export const TCPOPTSTRIP: Target = {
  kind: 'target',
  name: 'TCPOPTSTRIP',
  families: [4, 6],
  options: options('--strip-options OPTIONS'),
  meaning: () => ({ kind: 'continue' }),
};
