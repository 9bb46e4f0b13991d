import { formatProtocol } from '../../../model/net/index.ts';
import type { Batch } from '../../events/batch.ts';
import type { Detector } from '../detector.ts';
import { sorts } from '../sort.ts';

/** A bot that knocks at whatever address chance gives it comes to fewer of one network's within an hour. */
const addresses = 16;
const many = 64;
const minutes = 30;

export const horizontalScan: Detector = {
  id: 'horizontal-scan',
  title: 'Sweep',
  remedy:
    'See with palisade reach who can reach the service that is looked for, and close it to the world if it is only for some; palisade ban ADDRESS shuts the source out.',
  description: `One source looks for a service, or sends pings, at ${addresses} or more different addresses. Each counts once, and what was counted halves every ${minutes} minutes. From ${many} addresses on it is severe. Pings alone are told of, and nobody is shut out for them.`,
  quietMs: 30 * 60_000,
  group: 'scan',
  start({ scanners }) {
    scanners.follow({
      detector: 'horizontal-scan',
      looksAt: [sorts.syn, sorts.udp, sorts.echo],
      thing: 'host',
      bits: 64,
      halfLifeMs: minutes * 60_000,
      // It asked for something else than an echo.
      marks: new Map([
        [sorts.syn, 1],
        [sorts.udp, 1],
      ]),
      least: addresses,
      level: (count, marks) => (marks === 0 ? 1 : count < many ? 2 : 3),
      say: (level, count, batch, row) => ({
        severity: level === 1 ? 'low' : level === 2 ? 'medium' : 'high',
        did: level === 1 ? 'sent pings to many addresses' : `looked for ${serviceOf(batch, row)} at many addresses`,
        why: `It asked about ${Math.round(count)} different addresses within ${minutes} minutes; ${addresses} are too many.`,
        ban: level > 1,
      }),
    });
    return {};
  },
};

/** `port 22/tcp`. */
function serviceOf(batch: Batch, row: number): string {
  const port = batch.dport[row] as number;
  const proto = formatProtocol(batch.proto[row] as number);
  return port < 0 ? proto : `port ${port}/${proto}`;
}
