import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_owner.c: the socket that a local packet comes from. */
export const owner: Match = {
  kind: 'match',
  name: 'owner',
  families: [4, 6],
  options: options('! --uid-owner USER', '! --gid-owner GROUP', '! --socket-exists', '--suppl-groups'),
  meaning: (use) => opaque(use, 'pure'),
};
