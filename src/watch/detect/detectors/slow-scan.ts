import type { Detector } from '../detector.ts';
import { probes, sorts } from '../sort.ts';
import { askedOf } from './vertical-scan.ts';

const services = 12;
const hours = 3;
const leastMs = 15 * 60_000;
/** Quicker than one in so long is no slow scan: others see it. */
const paceMs = 20_000;

export const slowScan: Detector = {
  id: 'slow-scan',
  title: 'Slow scan',
  remedy: 'See with palisade reach whether what answers is meant to; palisade ban ADDRESS shuts the source out.',
  description: `One source asks for ${services} or more different services (protocol and port, at whichever address), so slowly that no count of minutes sees it: each counts once, and what was counted halves every ${hours} hours. It has gone on for ${leastMs / 60_000} minutes, with ${paceMs / 1000} seconds or more from one to the next on average.`,
  quietMs: 2 * 3_600_000,
  group: 'scan',
  start({ scanners }) {
    scanners.follow({
      detector: 'slow-scan',
      looksAt: probes.filter((sort) => sort !== sorts.echo),
      // The ends of connections that are forgotten come by and by as well.
      lowOnly: [sorts.ack, sorts.maimon],
      thing: 'service',
      bits: 64,
      halfLifeMs: hours * 3_600_000,
      least: services,
      level: (count, _, lasts) => (lasts >= leastMs && lasts >= count * paceMs ? 1 : 0),
      say: (_, count, batch, row) => ({
        severity: 'medium',
        did: `scanned ${askedOf(batch, row)} slowly`,
        why: `It asked for about ${Math.round(count)} different services within hours; ${services} are too many.`,
      }),
    });
    return {};
  },
};
