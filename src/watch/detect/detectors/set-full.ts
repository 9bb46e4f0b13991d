import type { Detector } from '../detector.ts';
import { filling, fillingQuietMs, full, percent } from '../filling.ts';

export const setFull: Detector = {
  id: 'set-full',
  title: 'Set nearly full',
  remedy:
    'Of those who are shut out, take bans back that need not be (palisade bans, palisade unban), or shut out whole networks (palisade ban NETWORK) instead of addresses one by one. Of another set, make it anew with a larger maxelem.',
  description: `A set is ${percent(full.high)} full or more: high; from ${percent(full.critical)} on critical, since it soon takes no more: of a set of those who are shut out, nobody else is then. It is over below ${percent(full.over)}. Sets that make room by themselves (forceadd), and those of the policy, which are made for what they hold, are left out.`,
  quietMs: fillingQuietMs,
  start(context) {
    const level = filling(context, 'set-full');
    return {
      observe(observation) {
        if (observation.kind !== 'set-fill' || observation.limit <= 0) return;
        const { set, entries, limit, at, shutsOut } = observation;
        const then = shutsOut ? 'Who comes when it is full is not shut out.' : 'What is added when it is full is refused.';
        level(set, at, entries / limit, {
          title: `The set ${set} is ${percent(entries / limit)} full`,
          why: `It holds ${entries} of ${limit} members; ${percent(full.high)} is high, ${percent(full.critical)} critical. ${then}`,
        });
      },
    };
  },
};
