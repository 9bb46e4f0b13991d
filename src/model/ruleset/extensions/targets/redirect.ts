import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { ownTranslation, portSpanValue } from '../translation.ts';

/** net/netfilter/xt_REDIRECT.c: the address of the link that it came by, or loopback for local packets. */
export const REDIRECT: Target = {
  kind: 'target',
  name: 'REDIRECT',
  families: [4, 6],
  options: options(['--to-ports PORTS', portSpanValue], '--random'),

  meaning: (use) => ownTranslation(use, 'dst'),
};
