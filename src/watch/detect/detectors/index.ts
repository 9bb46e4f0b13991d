/**
 * All detectors, one file each.
 *
 * The order is the one in which events are shown to them, and in which documentation lists them. It knows nothing of who is told. Called by
 * `detect`.
 */
import type { Detector } from '../detector.ts';
import { distributedScan } from './distributed-scan.ts';
import { horizontalScan } from './horizontal-scan.ts';
import { networkScan } from './network-scan.ts';
import { slowScan } from './slow-scan.ts';
import { stealthScan } from './stealth-scan.ts';
import { udpScan } from './udp-scan.ts';
import { verticalScan } from './vertical-scan.ts';

export const detectors: readonly Detector[] = [
  verticalScan,
  udpScan,
  stealthScan,
  horizontalScan,
  slowScan,
  distributedScan,
  networkScan,
];
