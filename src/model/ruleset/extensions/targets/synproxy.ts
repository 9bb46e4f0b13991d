import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { u8, u16, whole } from '../../values/number.ts';

/** net/ipv4/netfilter/ipt_SYNPROXY.c: answers SYNs itself and steals or drops what does not fit. */
export const SYNPROXY: Target = {
  kind: 'target',
  name: 'SYNPROXY',
  families: [4, 6],
  options: options('--sack-perm', '--timestamp', ['--wscale NUMBER', whole(0n, u8)], ['--mss NUMBER', whole(0n, u16)], '--ecn'),

  meaning: () => ({ kind: 'unknown', target: 'SYNPROXY' }),
};
