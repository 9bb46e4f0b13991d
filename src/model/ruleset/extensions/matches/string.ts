import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_string.c: looks for bytes in the packet. */
export const string: Match = {
  kind: 'match',
  name: 'string',
  families: [4, 6],
  options: options('! --string ""TEXT""', '! --hex-string ""TEXT""', '*--algo NAME', '--from OFFSET', '--to OFFSET', '--icase'),
  meaning: (use) => opaque(use, 'pure'),
};
