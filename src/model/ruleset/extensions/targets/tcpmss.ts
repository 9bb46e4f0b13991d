import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_TCPMSS.c. */
export const TCPMSS: Target = {
  kind: 'target',
  name: 'TCPMSS',
  families: [4, 6],
  options: options('--set-mss NUMBER', '--clamp-mss-to-pmtu'),
  meaning: () => ({ kind: 'continue' }),
};
