import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_HL.c: writes the hop limit, which later rules may compare. */
export const HL: Target = {
  kind: 'target',
  name: 'HL',
  families: [6],
  options: options('--hl-set LIMIT', '--hl-dec NUMBER', '--hl-inc NUMBER'),
  meaning: () => ({ kind: 'unknown', target: 'HL' }),
};
