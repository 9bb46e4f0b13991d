import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { prefixValue } from '../../values/prefix.ts';

/** net/ipv6/netfilter/ip6t_NPT.c: another prefix for the source. */
export const SNPT: Target = {
  kind: 'target',
  name: 'SNPT',
  families: [6],
  options: options(['*--src-pfx PREFIX', prefixValue], ['*--dst-pfx PREFIX', prefixValue]),

  meaning: () => ({ kind: 'unknown', target: 'SNPT' }),
};
