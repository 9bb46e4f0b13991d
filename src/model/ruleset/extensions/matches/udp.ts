import { UDP } from '../../../net/index.ts';
import type { Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { behindProtocol, ports } from './transport.ts';

/** net/netfilter/xt_tcpudp.c, udp_mt: a later fragment never matches. */
export const udp: Match = {
  kind: 'match',
  name: 'udp',
  families: [4, 6],
  impliedBy: ['udp'],
  options: options('! --sport|--source-port PORTS', '! --dport|--destination-port PORTS'),
  meaning: (use) => behindProtocol(use, 'udp', UDP, () => ports(use, 'guided')),
};
