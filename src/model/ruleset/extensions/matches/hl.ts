import type { Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { u8, whole } from '../../values/number.ts';
import { hops } from './ttl.ts';

/** net/netfilter/xt_hl.c, hl_mt6. */
export const hl: Match = {
  kind: 'match',
  name: 'hl',
  families: [6],
  options: options(['! --hl-eq|--hl LIMIT', whole(0n, u8)], ['--hl-lt LIMIT', whole(0n, u8)], ['--hl-gt LIMIT', whole(0n, u8)]),

  meaning: hops,
};
