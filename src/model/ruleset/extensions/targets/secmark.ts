import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { plainName } from '../../values/text.ts';

/** net/netfilter/xt_SECMARK.c: labels for SELinux. */
export const SECMARK: Target = {
  kind: 'target',
  name: 'SECMARK',
  families: [4, 6],
  options: options(['*--selctx CONTEXT', plainName(255)]),

  meaning: () => ({ kind: 'continue' }),
};
