import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { unmaskedNetwork } from '../../values/address.ts';
import { choice } from '../../values/choice.ts';
import { portRange } from '../../values/port.ts';
import { protocolNumber } from '../../values/protocol.ts';

/** net/netfilter/xt_ipvs.c: what the load balancer knows of the connection. */
export const ipvs: Match = {
  kind: 'match',
  name: 'ipvs',
  families: [4, 6],
  options: options(
    '! --ipvs',
    ['! --vproto PROTO', protocolNumber],
    ['! --vaddr ADDRESS', unmaskedNetwork],
    ['! --vport PORT', portRange('guided')],
    ['--vdir DIRECTION', choice(['ORIGINAL', 'REPLY'], {}, 'any')],
    ['! --vmethod METHOD', choice(['GATE', 'IPIP', 'MASQ'], {}, 'any')],
    ['! --vportctl PORT', portRange('guided')],
  ),

  meaning: (use) => opaque(use, 'stateful'),
};
