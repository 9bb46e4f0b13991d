import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_ipvs.c: what the load balancer knows of the connection. */
export const ipvs: Match = {
  kind: 'match',
  name: 'ipvs',
  families: [4, 6],
  options: options(
    '! --ipvs',
    '! --vproto PROTO',
    '! --vaddr ADDRESS',
    '! --vport PORT',
    '--vdir DIRECTION',
    '! --vmethod METHOD',
    '! --vportctl PORT',
  ),
  meaning: (use) => opaque(use, 'stateful'),
};
