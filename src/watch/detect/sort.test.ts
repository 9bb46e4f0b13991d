import { expect, test } from 'vitest';
import { parseAddress, parsePrefix } from '../../model/net/index.ts';
import { eventKinds } from '../events/index.ts';
import { batchOf, flag, type Made } from './made.fixture.ts';
import { Sorter, saysLetIn, sorts } from './sort.ts';
import { type Surroundings, unknownSurroundings } from './surroundings.ts';

const { FIN, SYN, RST, PSH, ACK, URG } = flag;
const surroundings: Surroundings = {
  ...unknownSurroundings,
  connected: [parsePrefix('198.51.100.0/24')].flatMap((prefix) => (prefix === undefined ? [] : [prefix])),
  answering: [parseAddress('9.9.9.9')].flatMap((address) => (address === undefined ? [] : [address])),
};

function sortOf(event: Omit<Made, 'at'>): string {
  const sort = new Sorter(surroundings).sortOf(batchOf([{ at: 0, ...event }]), 0);
  return Object.entries(sorts).find(([, number]) => number === sort)?.[0] ?? '?';
}

test.each<[string, string, Omit<Made, 'at'>]>([
  ['syn', 'SYN', {}],
  ['syn', 'SYN with the bits of ECN', { flags: SYN | 64 | 128 }],
  ['fin', 'FIN', { flags: FIN }],
  ['null', 'no flag', { flags: 0 }],
  ['xmas', 'FIN, PSH, URG', { flags: FIN | PSH | URG }],
  ['xmas', 'all flags', { flags: 63 }],
  ['maimon', 'FIN and ACK to a port of servers', { flags: FIN | ACK, dport: 80 }],
  ['answer', 'FIN and ACK of a server to a client of ours', { flags: FIN | ACK, sport: 443, dport: 51_000 }],
  ['answer', 'FIN and ACK of a server beyond 1023', { flags: FIN | ACK, sport: 8443, dport: 40_001 }],
  ['maimon', 'FIN and ACK from a server to a port that no client has', { flags: FIN | ACK, sport: 443, dport: 22 }],
  ['ack', 'ACK alone', { flags: ACK, dport: 80 }],
  ['answer', 'ACK alone of a server', { flags: ACK, sport: 443, dport: 51_000 }],
  ['answer', 'ACK with data', { flags: ACK | PSH, dport: 80 }],
  ['answer', 'the end of a connection with data', { flags: ACK | PSH | FIN, dport: 80 }],
  ['backscatter', 'RST', { flags: RST }],
  ['backscatter', 'RST and ACK', { flags: RST | ACK, sport: 443, dport: 51_000 }],
  ['backscatter', 'SYN and ACK', { flags: SYN | ACK, sport: 80, dport: 4711 }],
  ['odd', 'SYN and FIN', { flags: SYN | FIN }],
  ['odd', 'URG alone', { flags: URG }],
  ['udp', 'UDP', { proto: 17, dport: 161 }],
  ['answer', 'UDP of a resolver, late', { proto: 17, sport: 53, dport: 51_000 }],
  ['udp', 'UDP from port 53 to a port of servers', { proto: 17, sport: 53, dport: 161 }],
  ['answer', 'QUIC, late', { proto: 17, sport: 443, dport: 51_000 }],
  ['answer', 'UDP of one whom we ask, from any port', { src: '9.9.9.9', proto: 17, sport: 7777, dport: 51_000 }],
  ['udp', 'the same of somebody else', { src: '9.9.9.8', proto: 17, sport: 7777, dport: 51_000 }],
  ['echo', 'a ping', { proto: 1, icmpType: 8 }],
  ['echo', 'a ping of IPv6', { src: '2001:db8::1', dst: '2001:db8::2', proto: 58, icmpType: 128 }],
  ['error', 'an ICMP error', { proto: 1, icmpType: 3 }],
  ['error', 'an ICMP answer', { proto: 1, icmpType: 0 }],
  ['protocol', 'GRE', { proto: 47 }],
  ['other', 'a later fragment', { flags: -1, dport: -1 }],
  ['broadcast', 'multicast', { dst: '224.0.0.251', proto: 17, dport: 5353 }],
  ['broadcast', 'multicast of IPv6', { src: 'fe80::1', dst: 'ff02::1', proto: 58, icmpType: 128 }],
  ['broadcast', 'to everybody', { dst: '255.255.255.255', proto: 17, dport: 67 }],
  ['broadcast', 'to everybody of a connected network', { dst: '198.51.100.255', proto: 17, dport: 137 }],
  ['outgoing', 'what this host sends', { in: '', out: 'eth0' }],
  ['syn', 'what it passes on', { in: 'eth0', out: 'eth1' }],
  ['syn', 'of no link at all, as some carriers tell', { in: '', out: '' }],
  ['acceptedSyn', 'let in', { prefix: 'ACCEPT-WEB ' }],
  ['accepted', 'let in, of a connection', { prefix: '[UFW ALLOW] ', flags: ACK }],
  ['syn', 'not let in, whatever else is said', { prefix: 'NOT-ALLOWED ' }],
  ['failedLogin', 'a login that failed', { kind: eventKinds.failedLogin }],
  ['acceptedLogin', 'a login', { kind: eventKinds.acceptedLogin }],
])('%s: %s', (sort, _, event) => {
  expect(sortOf(event)).toBe(sort);
});

test('what a prefix says', () => {
  expect(['ACCEPT ', 'fw:INPUT:accept:', 'allowed-ssh', 'PERMIT'].every(saysLetIn)).toBe(true);
  expect(['FW-DROP ', 'DENY-ALLOW', 'unaccepted', '', 'disallow', 'REJECT accept?'].some(saysLetIn)).toBe(false);
});
