import { bad, given, type Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { translated, translation } from '../translation.ts';

/** net/netfilter/xt_nat.c. */
export const DNAT: Target = {
  kind: 'target',
  name: 'DNAT',
  families: [4, 6],
  options: options(['*--to-destination ADDRESS', translated], '--random', '--persistent'),

  meaning(use) {
    const one = given(use, '--to-destination');
    if (one === undefined) return bad('-j DNAT says no destination', 'write --to-destination');
    return translation(use, 'dst', one);
  },
};
