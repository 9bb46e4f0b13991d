import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_TEE.c: a copy goes elsewhere, the packet goes on. */
export const TEE: Target = {
  kind: 'target',
  name: 'TEE',
  families: [4, 6],
  options: options('*--gateway ADDRESS', '--oif LINK'),
  meaning: () => ({ kind: 'continue' }),
};
