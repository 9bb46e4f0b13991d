import type { Detector } from '../detector.ts';
import { filling, fillingQuietMs, full, percent } from '../filling.ts';

export const banSetFull: Detector = {
  id: 'ban-set-full',
  title: 'Set of bans nearly full',
  description: `A set of those who are shut out is ${percent(full.high)} full or more: high; from ${percent(full.critical)} on critical, since nobody else can be shut out soon. It is over below ${percent(full.over)}.`,
  quietMs: fillingQuietMs,
  start(context) {
    const level = filling(context, 'ban-set-full');
    return {
      observe(observation) {
        if (observation.kind !== 'set-fill' || observation.limit <= 0) return;
        const { set, entries, limit, at } = observation;
        level(set, at, entries / limit, {
          title: `The set ${set} is ${percent(entries / limit)} full`,
          why: `It holds ${entries} of ${limit} members; ${percent(full.high)} is high, ${percent(full.critical)} critical. Who comes when it is full is not shut out.`,
        });
      },
    };
  },
};
