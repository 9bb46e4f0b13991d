import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { u8, whole } from '../../values/number.ts';
import { writtenHops } from '../hops-write.ts';

/** net/netfilter/xt_HL.c: writes the hop limit, which later rules may compare. */
export const HL: Target = {
  kind: 'target',
  name: 'HL',
  families: [6],
  options: options(['--hl-set LIMIT', whole(0n, u8)], ['--hl-dec NUMBER', whole(1n, u8)], ['--hl-inc NUMBER', whole(1n, u8)]),
  limits: [{ kind: 'one', of: ['--hl-set', '--hl-dec', '--hl-inc'] }],

  meaning: (use) => writtenHops(use, 'hl'),
};
