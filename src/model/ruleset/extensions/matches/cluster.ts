import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_cluster.c: a hash of the connection's source says whose it is. */
export const cluster: Match = {
  kind: 'match',
  name: 'cluster',
  families: [4, 6],
  options: options(
    '*--cluster-total-nodes NUMBER',
    '! --cluster-local-node NUMBER',
    '! --cluster-local-nodemask MASK',
    '*--cluster-hash-seed NUMBER',
  ),
  meaning: (use) => opaque(use, 'pure'),
};
