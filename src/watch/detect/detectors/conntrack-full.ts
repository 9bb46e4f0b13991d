import type { Detector } from '../detector.ts';
import { filling, fillingQuietMs, full, percent } from '../filling.ts';

/** That the table was full holds for so long. */
const droppedMs = 10 * 60_000;

export const conntrackFull: Detector = {
  id: 'conntrack-full',
  title: 'Connection table nearly full',
  remedy:
    'Raise net.netfilter.nf_conntrack_max (sysctl -w net.netfilter.nf_conntrack_max=N), and find out who opens so many connections: palisade connections.',
  description: `The kernel's table of connections is ${percent(full.high)} full or more: high; from ${percent(full.critical)} on, or where the kernel has dropped packets because of it, critical. Where it gave up connections that were not established for new ones, the table was full too: high. It is over below ${percent(full.over)}.`,
  quietMs: fillingQuietMs,
  start(context) {
    let fullAt = Number.NEGATIVE_INFINITY;
    let hasDropped = false;
    const level = filling(context, 'conntrack-full');
    return {
      observe(observation) {
        const { at } = observation;
        if (observation.kind === 'conntrack-dropped') {
          const { packets, evicted } = observation;
          hasDropped = packets > 0 || (hasDropped && at - fullAt < droppedMs);
          fullAt = at;
          const gaveUp = `it gave up ${evicted === 1 ? 'a connection' : `${evicted} connections`} that were not established for new ones`;
          if (packets > 0)
            level('the table', at, 1, {
              title: 'The table of connections is full: the kernel drops packets',
              why: `The kernel has dropped ${packets === 1 ? 'a packet' : `${packets} packets`} that would have opened connections, since there was no room in its table${evicted > 0 ? `; ${gaveUp}` : ''}.`,
            });
          else
            level('the table', at, full.high, {
              title: 'The table of connections was full: the kernel gives up connections',
              why: `There was no room in the kernel's table, and ${gaveUp}: that is how a flood of forged sources shows.`,
            });
        } else if (observation.kind === 'conntrack' && observation.limit > 0) {
          const part = observation.entries / observation.limit;
          // Why it is worse than a number is not said over.
          if (at - fullAt < droppedMs && (hasDropped || part < full.critical)) return;
          level('the table', at, part, {
            title: `The table of connections is ${percent(part)} full`,
            why: `It holds ${observation.entries} of ${observation.limit} connections; ${percent(full.high)} is high, ${percent(full.critical)} critical. When it is full, nobody can open new ones.`,
          });
        }
      },
    };
  },
};
