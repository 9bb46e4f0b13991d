import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { u32, whole, wholeRange } from '../../values/number.ts';

/** net/ipv6/netfilter/ip6t_frag.c. */
export const frag: Match = {
  kind: 'match',
  name: 'frag',
  families: [6],
  options: options(
    ['! --fragid RANGE', wholeRange(u32)],
    ['! --fraglen LENGTH', whole(0n, u32)],
    '--fragres',
    '--fragfirst',
    '--fragmore',
    '--fraglast',
  ),

  limits: [{ kind: 'at-most-one', of: ['--fragmore', '--fraglast'] }],
  saved: (_use, _backend, spelled) => spelled.filter((one) => one.name !== '--fragid' || one.values[0] !== `0:${u32}`),
  meaning: (use) => opaque(use, 'pure'),
};
