import type { Detector } from '../detector.ts';
import { type Sort, sorts } from '../sort.ts';
import { askedOf } from './vertical-scan.ts';

/** Of packets that no honest program sends. */
const never = 5;
/** Of packets that also end connections which are forgotten. */
const seldom = 12;
/** Of the same, where all went to ports that clients have: a server of ours that forgot many connections at once may get these. */
const late = 40;
const many = 100;
const minutes = 10;

/** What each is called, and its bit. */
const names = new Map<Sort, readonly [name: string, bit: number]>([
  [sorts.fin, ['FIN', 1]],
  [sorts.null, ['NULL', 2]],
  [sorts.xmas, ['XMAS', 4]],
  [sorts.odd, ['impossible flags', 8]],
  [sorts.maimon, ['Maimon', 16]],
  [sorts.ack, ['ACK', 32]],
]);
/** Bits of those that no honest program sends. */
const dishonest = 15;
/** Some went to a port that no client of ours has. */
const low = 64;

function leastOf(kinds: number): number {
  return (kinds & dishonest) !== 0 ? never : (kinds & low) !== 0 ? seldom : late;
}

export const stealthScan: Detector = {
  id: 'stealth-scan',
  title: 'Stealth scan',
  remedy:
    'See with palisade reach whether what answers is meant to; protect: bad-flags and new-not-syn in the policy drop such packets, and palisade ban ADDRESS shuts the source out.',
  description: `One source sends TCP packets that open no connection and belong to none, to see what comes back: without flags (NULL), with FIN alone, with FIN, PSH and URG (XMAS) or impossible flags to ${never} or more different ports, with ACK alone or ACK and FIN (Maimon) to ${seldom} or more (to ${late} where all of these are ports that clients have). Each port of an address counts once, and what was counted halves every ${minutes} minutes. Late packets from servers do not count.`,
  quietMs: 10 * 60_000,
  group: 'scan',
  start({ scanners }) {
    const whichOf = (marks: number): string =>
      [...names.values()].flatMap(([name, bit]) => ((marks & bit) === 0 ? [] : [name])).join(', ');
    scanners.follow({
      detector: 'stealth-scan',
      looksAt: [...names.keys()],
      thing: 'target',
      bits: 128,
      halfLifeMs: minutes * 60_000,
      marks: new Map([...names].map(([sort, [, bit]]) => [sort, bit])),
      lowMark: low,
      least: never,
      level: (count, marks) => (count < leastOf(marks) ? 0 : count < many ? 1 : 2),
      say: (level, count, batch, row, marks) => ({
        severity: level > 1 ? 'high' : 'medium',
        did: `scanned ${askedOf(batch, row)} by stealth (${whichOf(marks)})`,
        why: `It sent packets that belong to no connection (${whichOf(marks)}) to about ${Math.round(count)} different ports within minutes; ${leastOf(marks)} are too many.`,
      }),
    });
    return {};
  },
};
