import { expect, test } from 'vitest';
import { type Packet, packetFromJson } from '../../model/packet/index.ts';
import { roundsOf } from './rounds.ts';

function packet(json: object): Packet {
  const ends = { hook: 'input', src: '203.0.113.9', dst: '198.51.100.1', proto: 'tcp', dport: 22 };
  const read = packetFromJson({ ...ends, ...json }, { link: 'eth0' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
}

const answer = { hook: 'output', src: '198.51.100.1', dst: '203.0.113.9', sport: 22, dport: 40000 };
const onward = { hook: 'forward', out: 'eth1', dst: '192.0.2.7' };

test.each<[string, object, object]>([
  ['other ports', {}, { dport: 80 }],
  ['other protocols', {}, { proto: 'udp' }],
  ['other links to here', {}, { in: 'eth1', dport: 80 }],
  ['in and on from other ports', {}, { ...onward, sport: 40001 }],
  ['out by two links to two places', { ...answer, sport: 1 }, { ...answer, sport: 2, dst: '192.0.2.7', out: 'eth1' }],
])('packets of %s go together', (_, one, other) => {
  expect(roundsOf([packet(one), packet(other)])).toHaveLength(1);
});

test.each<[string, object, object]>([
  ['of one connection, in two states', {}, { state: 'ESTABLISHED', flags: ['ACK'] }],
  ['of one connection, with other flags', {}, { flags: ['ACK'] }],
  ['of which one would be the answer to the other', {}, answer],
  ['that routes cannot tell apart', {}, { ...onward, dport: 80 }],
  ['to one address that is here and is not', {}, { ...onward, dst: '198.51.100.1', src: '203.0.113.10' }],
  ['out to one place by two links', answer, { ...answer, sport: 23, out: 'eth1' }],
  [
    'about a connection that the other opens',
    {
      proto: 'icmp',
      icmpType: 3,
      dport: null,
      state: 'RELATED',
      original: { src: '203.0.113.9', dst: '198.51.100.1', sport: 40000, dport: 22 },
    },
    {},
  ],
])('packets %s go apart', (_, one, other) => {
  const packets = [packet(one), packet(other)];
  expect(roundsOf(packets)).toEqual(packets.map((each) => [each]));
});

test('what would take too many rehearsals is in none', () => {
  const packets = Array.from({ length: 100 }, (_, index) => packet({ ttl: index + 1 }));
  const rounds = roundsOf(packets);
  expect(rounds.length).toBeLessThan(50);
  expect(rounds.every((round) => round.length === 1)).toBe(true);
});
