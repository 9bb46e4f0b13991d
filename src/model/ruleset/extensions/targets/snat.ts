import { bad, given, type Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { sourceTranslated, translation } from '../translation.ts';

/** net/netfilter/xt_nat.c. */
export const SNAT: Target = {
  kind: 'target',
  name: 'SNAT',
  families: [4, 6],
  options: options(['*--to-source ADDRESS', sourceTranslated], '--random', '--random-fully', '--persistent'),

  meaning(use) {
    const one = given(use, '--to-source');
    if (one === undefined) return bad('-j SNAT says no source', 'write --to-source');
    return translation(use, 'src', one);
  },
};
