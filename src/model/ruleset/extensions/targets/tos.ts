import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_DSCP.c, tos_tg. */
export const TOS: Target = {
  kind: 'target',
  name: 'TOS',
  families: [4, 6],
  options: options('--set-tos VALUE', '--and-tos BITS', '--or-tos BITS', '--xor-tos BITS'),
  meaning: () => ({ kind: 'continue' }),
};
