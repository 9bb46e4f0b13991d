import type { Detector } from '../detector.ts';

const minutes = 5;
const logged = 5;

export const loggingSilent: Detector = {
  id: 'logging-silent',
  title: 'Logging has gone silent',
  remedy: 'Look whether another program reads the same NFLOG group, whether the log daemon runs, and whether the disk is full.',
  description: `Rules that log have met ${logged} or more packets, as their counters say, and for ${minutes} minutes none of them has come to palisade; it is over with the first that does. Of a host without rules that log it says nothing: that is a finding of the audit.`,
  // It is over when an event comes.
  quietMs: 7 * 24 * 3_600_000,
  start(context) {
    /** How many there had been when it was last looked. */
    let packets = 0;
    /** What counters said when it began to be silent, and when that was; epoch milliseconds. */
    let before: number | null = null;
    let since = 0;
    let counted: number | null = null;
    let isOpen = false;
    return {
      observe(observation) {
        if (observation.kind !== 'counters') return;
        const { at } = observation;
        const isHeard = context.packets > packets;
        packets = context.packets;
        const isReset = observation.logged !== null && counted !== null && observation.logged < counted;
        counted = observation.logged;
        if (isOpen && isHeard) context.over('logging-silent', 'logs', at);
        if (isHeard) isOpen = false;
        // Counters begin anew where rules are loaded.
        if (counted === null || before === null || isReset || isHeard) {
          before = counted;
          since = at;
          return;
        }
        if (counted === before) {
          since = at;
          return;
        }
        const met = counted - before;
        if (met < logged || at - since < minutes * 60_000) return;
        isOpen = true;
        context.report({
          detector: 'logging-silent',
          key: 'logs',
          severity: 'high',
          title: 'Rules log packets, and none of them comes here',
          why: `For ${Math.round((at - since) / 60_000)} minutes rules that log have met ${met} packets, as their counters say, and palisade has read none. Attacks go unseen until it does.`,
          sources: [],
          targets: [],
          batch: null,
          row: 0,
          at,
          since,
          events: 0,
          spoofable: false,
          ban: false,
        });
      },
    };
  },
};
