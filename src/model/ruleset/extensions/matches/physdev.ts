import { allOf, type Constraint, invertIf } from '../../../packet/index.ts';
import type { Given, Match } from '../../extension.ts';
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
  // Without a bridge's port each option by itself is false, and its inversion true.
  meaning: (use) => allOf(...use.given.map(asked)),
};

/** Where it came in stays so all the way; where it goes out is told from FORWARD on. */
function asked({ name, inverted, values }: Given): Constraint {
  const text = ['-m physdev', name, ...values].join(' ');
  const nature = name.endsWith('-in') ? 'pure' : 'stateful';
  return invertIf(inverted, { kind: 'opaque', text, nature, hotdrop: false, unknown: false });
}
