import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_CONNSECMARK.c: labels for SELinux. */
export const CONNSECMARK: Target = {
  kind: 'target',
  name: 'CONNSECMARK',
  families: [4, 6],
  options: options('--save', '--restore'),
  limits: [{ kind: 'one', of: ['--save', '--restore'] }],

  meaning: () => ({ kind: 'continue' }),
};
