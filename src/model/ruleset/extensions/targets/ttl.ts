import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_HL.c: writes the TTL, which later rules may compare. */
export const TTL: Target = {
  kind: 'target',
  name: 'TTL',
  families: [4],
  options: options('--ttl-set TTL', '--ttl-dec NUMBER', '--ttl-inc NUMBER'),
  meaning: () => ({ kind: 'unknown', target: 'TTL' }),
};
