import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_cgroup.c: of the socket that a local packet comes from. */
export const cgroup: Match = {
  kind: 'match',
  name: 'cgroup',
  families: [4, 6],
  options: options('! --path PATH', '! --cgroup CLASSID'),
  meaning: (use) => opaque(use, 'pure'),
};
