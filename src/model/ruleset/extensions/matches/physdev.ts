import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_physdev.c: the port of a bridge. The port that it leaves by is known only late on its way. */
export const physdev: Match = {
  kind: 'match',
  name: 'physdev',
  families: [4, 6],
  options: options(
    '! --physdev-in PORT',
    '! --physdev-is-in',
    '! --physdev-out PORT',
    '! --physdev-is-out',
    '! --physdev-is-bridged',
  ),
  meaning: (use) => opaque(use, use.given.every((one) => one.name.endsWith('-in')) ? 'pure' : 'stateful'),
};
