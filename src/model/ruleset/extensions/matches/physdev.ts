import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { plainName } from '../../values/text.ts';

/** net/netfilter/xt_physdev.c: the port of a bridge. The port that it leaves by is known only late on its way. */
export const physdev: Match = {
  kind: 'match',
  name: 'physdev',
  families: [4, 6],
  options: options(
    '! --physdev-is-in',
    ['! --physdev-in PORT', plainName(15)],
    '! --physdev-is-out',
    ['! --physdev-out PORT', plainName(15)],
    '! --physdev-is-bridged',
  ),

  limits: [
    { kind: 'some', of: ['--physdev-in', '--physdev-is-in', '--physdev-out', '--physdev-is-out', '--physdev-is-bridged'] },
  ],
  meaning: (use) => opaque(use, use.given.every((one) => one.name.endsWith('-in')) ? 'pure' : 'stateful'),
};
