import type { Detector } from '../detector.ts';
import { sorts } from '../sort.ts';

const minutes = 5;
const logged = 5;

export const loggingSilent: Detector = {
  id: 'logging-silent',
  title: 'Logging has gone silent',
  remedy: 'Look whether another program reads the same NFLOG group, whether the log daemon runs, and whether the disk is full.',
  description: `Rules that log have met ${logged} or more packets, as their counters say, and for ${minutes} minutes none of them has come to palisade; it is over with the first that does. Of a host without rules that log it says nothing: that is a finding of the audit.`,
  looksAt: Object.values(sorts).filter((sort) => sort !== sorts.failedLogin && sort !== sorts.acceptedLogin),
  // It is over when an event comes.
  quietMs: 7 * 24 * 3_600_000,
  start({ report, over }) {
    /** Since anything was looked at. */
    let events = 0;
    /** What counters said when it began to be silent, and when that was; epoch milliseconds. */
    let before: number | null = null;
    let since = 0;
    let counted: number | null = null;
    let isOpen = false;
    return {
      see() {
        events += 1;
      },
      observe(observation) {
        if (observation.kind !== 'counters') return;
        const { at } = observation;
        const isReset = observation.logged !== null && counted !== null && observation.logged < counted;
        counted = observation.logged;
        if (isOpen && events > 0) over('logs', at);
        if (events > 0) isOpen = false;
        // Counters begin anew where rules are loaded.
        if (counted === null || before === null || isReset || events > 0) {
          before = counted;
          since = at;
          events = 0;
          return;
        }
        if (counted === before) {
          since = at;
          return;
        }
        const met = counted - before;
        if (met < logged || at - since < minutes * 60_000) return;
        isOpen = true;
        report({
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
