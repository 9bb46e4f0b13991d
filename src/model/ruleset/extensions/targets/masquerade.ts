import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { ownTranslation, portSpanValue } from '../translation.ts';

/** net/netfilter/xt_MASQUERADE.c: the address of the link that it leaves by. */
export const MASQUERADE: Target = {
  kind: 'target',
  name: 'MASQUERADE',
  families: [4, 6],
  options: options(['--to-ports PORTS', portSpanValue], '--random', '--random-fully'),

  meaning: (use) => ownTranslation(use, 'src'),
};
