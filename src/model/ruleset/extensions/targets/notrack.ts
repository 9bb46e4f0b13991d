import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_CT.c: an older name for CT --notrack. */
export const NOTRACK: Target = {
  kind: 'target',
  name: 'NOTRACK',
  families: [4, 6],
  options: options(),
  meaning: () => ({ kind: 'untrack' }),
};
