import { formatAddress } from '../../../model/net/index.ts';
import { addressAt, type Batch } from '../../events/batch.ts';
import type { Detector, Family } from '../detector.ts';
import { sorts } from '../sort.ts';

/** People and monitors ask for a handful of ports, and for the same ones again. */
const ports = 15;
const many = 100;
const minutes = 10;

/** The address that a row asks. */
export function askedOf(batch: Batch, row: number): string {
  return formatAddress(addressAt(batch.dst, 4 * row, batch.family[row] as Family));
}

export const verticalScan: Detector = {
  id: 'vertical-scan',
  title: 'Port scan',
  remedy:
    'See with palisade reach whether what answers is meant to, and close what is not; palisade ban ADDRESS shuts the source out.',
  description: `One source asks for ${ports} or more different TCP ports. Each counts once, and what was counted halves every ${minutes} minutes. From ${many} ports on it is severe.`,
  quietMs: 10 * 60_000,
  group: 'scan',
  start({ scanners }) {
    scanners.follow({
      detector: 'vertical-scan',
      looksAt: [sorts.syn],
      thing: 'service',
      bits: 256,
      halfLifeMs: minutes * 60_000,
      least: ports,
      level: (count) => (count >= many ? 2 : 1),
      say: (level, count, batch, row) => ({
        severity: level > 1 ? 'high' : 'medium',
        did: `scanned the ports of ${askedOf(batch, row)}`,
        why: `It asked for about ${Math.round(count)} different TCP ports within minutes; ${ports} are too many.`,
      }),
    });
    return {};
  },
};
