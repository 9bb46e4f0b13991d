import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { u32, whole } from '../../values/number.ts';
import { plainName } from '../../values/text.ts';

/** net/netfilter/xt_cgroup.c: of the socket that a local packet comes from. */
export const cgroup: Match = {
  kind: 'match',
  name: 'cgroup',
  families: [4, 6],
  options: options(['! --path PATH', plainName(4095)], ['! --cgroup CLASSID', whole(0n, u32)]),
  limits: [{ kind: 'one', of: ['--path', '--cgroup'] }],

  meaning: (use) => opaque(use, 'pure'),
};
