import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { u32, whole } from '../../values/number.ts';
import { headerOptions } from '../header-options.ts';

/** net/ipv6/netfilter/ip6t_hbh.c, which both header kinds share. */
export const dst: Match = {
  kind: 'match',
  name: 'dst',
  families: [6],
  options: options(['! --dst-len LENGTH', whole(0n, u32)], ['--dst-opts OPTIONS', headerOptions]),

  meaning: (use) => opaque(use, 'pure'),
};
