import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { u32, whole } from '../../values/number.ts';
import { headerOptions } from '../header-options.ts';

/** net/ipv6/netfilter/ip6t_hbh.c. */
export const hbh: Match = {
  kind: 'match',
  name: 'hbh',
  families: [6],
  options: options(['! --hbh-len LENGTH', whole(0n, u32)], ['--hbh-opts OPTIONS', headerOptions]),

  meaning: (use) => opaque(use, 'pure'),
};
