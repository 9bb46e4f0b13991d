import { UDP } from '../../../net/index.ts';
import type { Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { portRange } from '../../values/port.ts';
import { behindProtocol, ports, savedPorts } from './transport.ts';

/** net/netfilter/xt_tcpudp.c, udp_mt: a later fragment never matches. */
export const udp: Match = {
  kind: 'match',
  name: 'udp',
  families: [4, 6],
  impliedBy: ['udp'],
  options: options(
    ['! --sport|--source-port PORTS', portRange('guided')],
    ['! --dport|--destination-port PORTS', portRange('guided')],
  ),
  saved: (_use, backend, spelled) => savedPorts(backend, spelled),

  meaning: (use) => behindProtocol(use, 'udp', UDP, () => ports(use, 'guided')),
};
