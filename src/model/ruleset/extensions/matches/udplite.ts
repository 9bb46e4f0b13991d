import type { Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { behindProtocol, ports } from './transport.ts';

/** The kernel's half of xt_tcpudp.c; iptables 1.8.9 itself has no library for it, so only other programs write it. */
export const udplite: Match = {
  kind: 'match',
  name: 'udplite',
  families: [4, 6],
  options: options('! --sport|--source-port PORTS', '! --dport|--destination-port PORTS'),
  meaning: (use) => behindProtocol(use, 'udplite', 136, () => ports(use, 'guided')),
};
