import { bad, givenValue, type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { hexOf, readBig, readNumber, u32, whole } from '../../values/number.ts';

/** net/netfilter/xt_cluster.c: a hash of the connection's source says whose it is. */
export const cluster: Match = {
  kind: 'match',
  name: 'cluster',
  families: [4, 6],
  options: options(
    ['! --cluster-local-node NUMBER', whole(1n, 32n)],
    ['! --cluster-local-nodemask MASK', whole(1n, u32, hexOf(8))],
    ['*--cluster-total-nodes NUMBER', whole(1n, 32n)],
    ['*--cluster-hash-seed NUMBER', whole(0n, u32, hexOf(8))],
  ),
  limits: [{ kind: 'one', of: ['--cluster-local-node', '--cluster-local-nodemask'] }],
  // A node prints as the mask with its bit.
  saved: (_use, _backend, spelled) =>
    spelled.map((one) =>
      one.name === '--cluster-local-node'
        ? { ...one, name: '--cluster-local-nodemask', values: [hexOf(8)(1n << (BigInt(one.values[0] ?? '1') - 1n))] }
        : one,
    ),

  meaning(use) {
    const total = readNumber(givenValue(use, '--cluster-total-nodes') ?? '') ?? 0;
    const node = readNumber(givenValue(use, '--cluster-local-node') ?? '1') ?? 0;
    const mask = readBig(givenValue(use, '--cluster-local-nodemask') ?? '1') ?? 0n;
    if (node <= total && mask < 1n << BigInt(total)) return opaque(use, 'pure');
    return bad(`the cluster has ${total} nodes`, 'write one of them', '--cluster-total-nodes');
  },
};
