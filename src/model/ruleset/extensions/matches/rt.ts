import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/ipv6/netfilter/ip6t_rt.c. */
export const rt: Match = {
  kind: 'match',
  name: 'rt',
  families: [6],
  options: options(
    '! --rt-type NUMBER',
    '! --rt-segsleft RANGE',
    '! --rt-len LENGTH',
    '--rt-0-res',
    '--rt-0-addrs ADDRESSES',
    '--rt-0-not-strict',
  ),
  meaning: (use) => opaque(use, 'pure'),
};
