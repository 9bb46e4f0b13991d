import { given, type Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { stateIs } from './conntrack.ts';

/** An older name for `-m conntrack --ctstate`, without SNAT and DNAT (libxt_conntrack.c registers both). */
export const state: Match = {
  kind: 'match',
  name: 'state',
  families: [4, 6],
  options: options('*! --state STATES'),
  meaning(use) {
    const one = given(use, '--state');
    return one === undefined ? { kind: 'always' } : stateIs(one, ['INVALID', 'NEW', 'ESTABLISHED', 'RELATED', 'UNTRACKED']);
  },
};
