/**
 * All detectors, one file each.
 *
 * The order is the one in which events are shown to them, and in which documentation lists them. It knows nothing of who is told. Called by
 * `detect`.
 */
import type { Detector } from '../detector.ts';
import { verticalScan } from './vertical-scan.ts';

export const detectors: readonly Detector[] = [verticalScan];
