import { formatAddress, TCP, UDP } from '../../../model/net/index.ts';
import { addressAt } from '../../events/batch.ts';
import { sourceOf } from '../../incidents/sources.ts';
import type { Batch, Detector, Family } from '../detector.ts';
import { hashOfTarget } from '../floods.ts';
import { mix } from '../probe.ts';
import { Recent } from '../recent.ts';
import { sorts } from '../sort.ts';

const targets = 30;
/** Of ports at which programs ask many: the web, and mail. */
const everyday = new Set([25, 80, 443, 465, 587]);
const everydayTargets = 200;
const minutes = 10;
/** Of these whole days are full: names, times, addresses. */
const quiet = new Set([53, 67, 68, 123, 137, 138, 546, 547, 853, 1900, 5353, 5355]);
const [SYN, ACK] = [2, 16];

export const outboundScan: Detector = {
  id: 'outbound-scan',
  title: 'This host scans others',
  remedy:
    "Take the host off the network, or refuse it new outgoing connections (otherwise: outgoing in the policy), and find the process (palisade connections, ss -tup) before you restart anything: it may be in somebody else's hands.",
  description: `Rules log that this host itself opens connections, or sends UDP or pings, to ${targets} or more different targets (an address and a port) within ${minutes} minutes, or to ${everydayTargets} on ports of the web and of mail: it may be in somebody else's hands. Answers and ends of connections do not count, nor do names, times and addresses (DNS, NTP, DHCP and the like).`,
  quietMs: 30 * 60_000,
  start({ seed, report, more }) {
    const few = new Recent(2 * targets);
    const many = new Recent(everydayTargets + 56);
    /** Of trusted events, and of those that may be forged. */
    const incidents = new Int32Array(2);
    const events = new Uint32Array(2);
    const since = new Float64Array(2);

    return {
      leaving(batch, row, _slot, sort) {
        if (sort !== sorts.outgoing) return;
        const target = targetOf(batch, row, seed);
        if (target < 0) return;
        const kind = batch.trusted ? 1 : 0;
        const at = batch.at[row] as number;
        const isEveryday = everyday.has(batch.dport[row] as number);
        const from = at - minutes * 60_000;
        const count = (isEveryday ? many : few).see(mix(target, kind), at, from);
        if (events[kind] === 0 || count === 1) {
          since[kind] = at;
          events[kind] = 0;
        }
        events[kind] = (events[kind] as number) + 1;
        if (incidents[kind] !== 0) {
          if (more(incidents[kind] as number, batch, row)) return;
          incidents[kind] = 0;
          since[kind] = at;
          events[kind] = 1;
        }
        const most = isEveryday ? everydayTargets : targets;
        if (count < most) return;
        const source = sourceOf(batch, row);
        incidents[kind] = report({
          detector: 'outbound-scan',
          key: 'this host',
          severity: 'critical',
          title: `This host (${formatAddress(addressAt(batch.src, 4 * row, batch.family[row] as Family))}) asks for many targets: it may be compromised`,
          why: `It asked for ${count} different targets within ${minutes} minutes, as rules for what leaves it logged; ${most} are too many${isEveryday ? ' even of the web and of mail' : ''}. Find out which process does it: "ss -tunp" says who holds connections.`,
          sources: [source],
          targets: [],
          batch,
          row,
          at,
          since: since[kind] as number,
          events: events[kind] as number,
          spoofable: false,
          ban: false,
        });
      },
    };
  },
};

/** What a packet that leaves asks for, as a number that is not negative; -1: it asks for nothing. */
function targetOf(batch: Batch, row: number, seed: number): number {
  const proto = batch.proto[row] as number;
  const to = batch.dst[4 * row + 3] as number;
  const isToMany =
    batch.family[row] === 4 ? to >>> 28 === 0xe || to === 0xffffffff : (batch.dst[4 * row] as number) >>> 24 === 0xff;
  if (isToMany) return -1;
  const port = batch.dport[row] as number;
  if (proto === TCP) {
    if (((batch.flags[row] as number) & (SYN | ACK)) !== SYN) return -1;
  } else if (proto === UDP) {
    // From a service's port it is an answer.
    if ((batch.sport[row] as number) < 1024) return -1;
  } else if (batch.icmpType[row] !== (batch.family[row] === 4 ? 8 : 128)) return -1;
  if (quiet.has(port)) return -1;
  // None is below 0.
  return mix(hashOfTarget(seed, batch, row), (proto << 17) | (port & 0x1ffff)) >>> 1;
}
