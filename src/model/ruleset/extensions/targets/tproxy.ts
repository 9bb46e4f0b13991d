import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_TPROXY.c: marks and hands over to a local socket, or drops when there is none. */
export const TPROXY: Target = {
  kind: 'target',
  name: 'TPROXY',
  families: [4, 6],
  options: options('*--on-port PORT', '--on-ip ADDRESS', '--tproxy-mark VALUE'),
  meaning: () => ({ kind: 'unknown', target: 'TPROXY' }),
};
