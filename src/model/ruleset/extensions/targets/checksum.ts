import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_CHECKSUM.c. */
export const CHECKSUM: Target = {
  kind: 'target',
  name: 'CHECKSUM',
  families: [4, 6],
  options: options('*--checksum-fill'),
  meaning: () => ({ kind: 'continue' }),
};
