import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/ipv4/netfilter/ipt_CLUSTERIP.c: drops what belongs to another node. */
export const CLUSTERIP: Target = {
  kind: 'target',
  name: 'CLUSTERIP',
  families: [4],
  options: options(
    '--new',
    '--hashmode MODE',
    '--clustermac MAC',
    '--total-nodes NUMBER',
    '--local-node NUMBER',
    '--hash-init NUMBER',
  ),
  meaning: () => ({ kind: 'unknown', target: 'CLUSTERIP' }),
};
