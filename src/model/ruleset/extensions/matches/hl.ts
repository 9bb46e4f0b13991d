import type { Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { hops } from './ttl.ts';

/** net/netfilter/xt_hl.c, hl_mt6. */
export const hl: Match = {
  kind: 'match',
  name: 'hl',
  families: [6],
  options: options('! --hl-eq|--hl LIMIT', '--hl-lt LIMIT', '--hl-gt LIMIT'),
  meaning: hops,
};
