import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { choice } from '../../values/choice.ts';

/** net/netfilter/xt_pkttype.c: how the link layer addressed it. */
export const pkttype: Match = {
  kind: 'match',
  name: 'pkttype',
  families: [4, 6],
  options: options(['*! --pkt-type TYPE', choice(['unicast', 'broadcast', 'multicast'], {}, 'any')]),

  meaning: (use) => opaque(use, 'pure'),
};
