import type { Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { portRange } from '../../values/port.ts';
import { behindProtocol, ports, withoutEveryPort } from './transport.ts';

/** The kernel's half of xt_tcpudp.c; iptables 1.8.9 itself has no library for it, so only other programs write it. */
export const udplite: Match = {
  kind: 'match',
  name: 'udplite',
  families: [4, 6],
  options: options(
    ['! --sport|--source-port PORTS', portRange('guided')],
    ['! --dport|--destination-port PORTS', portRange('guided')],
  ),
  saved: (_use, _backend, spelled) => withoutEveryPort(spelled),

  meaning: (use) => behindProtocol(use, 'udplite', 136, () => ports(use, 'guided')),
};
