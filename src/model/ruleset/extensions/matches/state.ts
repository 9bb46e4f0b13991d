import { given, type Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { stateIs, stateList, stateNames } from './conntrack.ts';

/** An older name for `-m conntrack --ctstate`, without SNAT and DNAT (libxt_conntrack.c registers both). */
export const state: Match = {
  kind: 'match',
  name: 'state',
  families: [4, 6],
  options: options(['*! --state STATES', stateList(stateNames)]),

  meaning(use) {
    const one = given(use, '--state');
    return one === undefined ? { kind: 'always' } : stateIs(one, stateNames);
  },
};
