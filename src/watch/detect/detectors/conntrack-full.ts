import type { Detector } from '../detector.ts';
import { filling, fillingQuietMs, full, percent } from '../filling.ts';

/** The kernel's word that it drops packets holds for so long. */
const droppedMs = 10 * 60_000;

export const conntrackFull: Detector = {
  id: 'conntrack-full',
  title: 'Connection table nearly full',
  description: `The kernel's table of connections is ${percent(full.high)} full or more: high; from ${percent(full.critical)} on, or where the kernel says that it drops packets because of it, critical. It is over below ${percent(full.over)}.`,
  quietMs: fillingQuietMs,
  start(context) {
    let droppedAt = Number.NEGATIVE_INFINITY;
    const level = filling(context, 'conntrack-full');
    return {
      observe(observation) {
        const { at } = observation;
        if (observation.kind === 'conntrack-dropped') {
          droppedAt = at;
          level('the table', at, 1, {
            title: 'The table of connections is full: the kernel drops packets',
            why: 'The kernel says "nf_conntrack: table full, dropping packet": nobody can open new connections. Raise net.netfilter.nf_conntrack_max, or find out who opens so many.',
          });
        } else if (observation.kind === 'conntrack' && observation.limit > 0) {
          const part = observation.entries / observation.limit;
          if (part < full.critical && at - droppedAt < droppedMs) return;
          level('the table', at, part, {
            title: `The table of connections is ${percent(part)} full`,
            why: `It holds ${observation.entries} of ${observation.limit} connections; ${percent(full.high)} is high, ${percent(full.critical)} critical. When it is full, nobody can open new ones. Raise net.netfilter.nf_conntrack_max, or find out who opens so many.`,
          });
        }
      },
    };
  },
};
