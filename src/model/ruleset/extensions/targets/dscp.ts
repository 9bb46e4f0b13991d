import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_DSCP.c. */
export const DSCP: Target = {
  kind: 'target',
  name: 'DSCP',
  families: [4, 6],
  options: options('--set-dscp VALUE', '--set-dscp-class CLASS'),
  meaning: () => ({ kind: 'continue' }),
};
