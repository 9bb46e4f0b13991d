import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { u8, whole } from '../../values/number.ts';
import { writtenHops } from '../hops-write.ts';

/** net/netfilter/xt_HL.c: writes the TTL, which later rules may compare. */
export const TTL: Target = {
  kind: 'target',
  name: 'TTL',
  families: [4],
  options: options(['--ttl-set TTL', whole(0n, u8)], ['--ttl-dec NUMBER', whole(1n, u8)], ['--ttl-inc NUMBER', whole(1n, u8)]),
  limits: [{ kind: 'one', of: ['--ttl-set', '--ttl-dec', '--ttl-inc'] }],

  meaning: (use) => writtenHops(use, 'ttl'),
};
