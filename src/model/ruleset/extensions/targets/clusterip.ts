import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { choice } from '../../values/choice.ts';
import { macValue } from '../../values/mac.ts';
import { u32, whole } from '../../values/number.ts';

/** net/ipv4/netfilter/ipt_CLUSTERIP.c: drops what belongs to another node. */
export const CLUSTERIP: Target = {
  kind: 'target',
  name: 'CLUSTERIP',
  families: [4],
  options: options(
    '--new',
    ['--hashmode MODE', choice(['sourceip', 'sourceip-sourceport', 'sourceip-sourceport-destport'])],
    ['--clustermac MAC', macValue],
    ['--total-nodes NUMBER', whole(1n, 16n)],
    ['--local-node NUMBER', whole(1n, 16n)],
    ['--hash-init NUMBER', whole(0n, u32)],
  ),

  meaning: () => ({ kind: 'unknown', target: 'CLUSTERIP' }),
};
