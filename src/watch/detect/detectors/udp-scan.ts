import type { Detector } from '../detector.ts';
import { sorts } from '../sort.ts';
import { askedOf } from './vertical-scan.ts';

const ports = 12;
const many = 80;
const minutes = 10;

export const udpScan: Detector = {
  id: 'udp-scan',
  title: 'UDP scan',
  remedy: 'See with palisade reach whether what answers is meant to; palisade ban ADDRESS shuts the source out.',
  description: `One source asks for ${ports} or more different UDP ports. Each counts once, and what was counted halves every ${minutes} minutes. Late answers of servers to high ports do not count, and traceroute's ports are one. From ${many} ports on it is severe.`,
  quietMs: 10 * 60_000,
  group: 'scan',
  start({ scanners }) {
    scanners.follow({
      detector: 'udp-scan',
      looksAt: [sorts.udp],
      thing: 'service',
      bits: 128,
      halfLifeMs: minutes * 60_000,
      least: ports,
      level: (count) => (count >= many ? 2 : 1),
      say: (level, count, batch, row) => ({
        severity: level > 1 ? 'high' : 'medium',
        did: `scanned the UDP ports of ${askedOf(batch, row)}`,
        why: `It asked for about ${Math.round(count)} different UDP ports within minutes; ${ports} are too many.`,
      }),
    });
    return {};
  },
};
