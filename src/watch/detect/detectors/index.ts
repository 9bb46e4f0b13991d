/**
 * All detectors, one file each.
 *
 * The order is the one in which events are shown to them, and in which documentation lists them. It knows nothing of who is told. Called by
 * `detect`.
 */
import type { Detector } from '../detector.ts';
import { conntrackFull } from './conntrack-full.ts';
import { distributedBruteForce } from './distributed-brute-force.ts';
import { distributedScan } from './distributed-scan.ts';
import { horizontalScan } from './horizontal-scan.ts';
import { icmpFlood } from './icmp-flood.ts';
import { loggingSilent } from './logging-silent.ts';
import { martianSource } from './martian-source.ts';
import { metadataService } from './metadata-service.ts';
import { networkScan } from './network-scan.ts';
import { outboundScan } from './outbound-scan.ts';
import { serviceBruteForce } from './service-brute-force.ts';
import { setFull } from './set-full.ts';
import { slowScan } from './slow-scan.ts';
import { spoofedSource } from './spoofed-source.ts';
import { sshBruteForce } from './ssh-brute-force.ts';
import { stealthScan } from './stealth-scan.ts';
import { synFlood } from './syn-flood.ts';
import { udpFlood } from './udp-flood.ts';
import { udpScan } from './udp-scan.ts';
import { verticalScan } from './vertical-scan.ts';

export const detectors: readonly Detector[] = [
  verticalScan,
  slowScan,
  horizontalScan,
  distributedScan,
  networkScan,
  sshBruteForce,
  serviceBruteForce,
  distributedBruteForce,
  synFlood,
  udpFlood,
  icmpFlood,
  udpScan,
  stealthScan,
  spoofedSource,
  martianSource,
  outboundScan,
  metadataService,
  loggingSilent,
  conntrackFull,
  setFull,
];
