import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_HMARK.c: writes a hash into the mark. */
export const HMARK: Target = {
  kind: 'target',
  name: 'HMARK',
  families: [4, 6],
  options: options(
    '--hmark-tuple FIELDS',
    '--hmark-src-prefix LENGTH',
    '--hmark-dst-prefix LENGTH',
    '--hmark-sport-mask MASK',
    '--hmark-dport-mask MASK',
    '--hmark-spi-mask MASK',
    '--hmark-sport PORT',
    '--hmark-dport PORT',
    '--hmark-spi SPI',
    '--hmark-proto-mask MASK',
    '--hmark-rnd NUMBER',
    '*--hmark-mod NUMBER',
    '--hmark-offset NUMBER',
  ),
  meaning: () => ({ kind: 'unknown', target: 'HMARK' }),
};
