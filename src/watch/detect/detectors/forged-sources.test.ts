import { expect, test } from 'vitest';
import { parseAddress, parsePrefix } from '../../../model/net/index.ts';
import { type Surroundings, unknownSurroundings } from '../../index.ts';
import { addressSet } from '../address-set.ts';
import { createDetection } from '../detection.ts';
import { batchOf, incidentsOf, type Made, start, takeAll } from '../made.fixture.ts';
import { martianSource } from './martian-source.ts';
import { spoofedSource } from './spoofed-source.ts';

const address = (text: string) => parseAddress(text) ?? { family: 4 as const, value: 0n };
const network = (text: string, link?: string) => {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(text);
  return link === undefined ? prefix : { ...prefix, link };
};
/** A router: eth0 leads to the world, eth1 to a network of its own, and containers are behind docker0. */
const surroundings: Surroundings = {
  own: ['198.51.100.1', '10.1.0.1', '172.17.0.1', '2001:db8:1::1', 'fe80::1'].map(address),
  connected: [
    network('198.51.100.0/24', 'eth0'),
    network('10.1.0.0/24', 'eth1'),
    network('172.17.0.0/16', 'docker0'),
    network('2001:db8:1::/64', 'eth0'),
    network('fd00:1::/64', 'eth1'),
  ],
  answering: [],
  outside: ['eth0'],
};

const times = (count: number, event: Partial<Made>, everyMs = 1000): Made[] =>
  Array.from({ length: count }, (_, each) => ({ at: each * everyMs, ...event }));
function run(events: readonly Made[], around = surroundings) {
  const detection = createDetection({ seed: 7, surroundings: around, detectors: [spoofedSource, martianSource], capacity: 256 });
  const said = [...takeAll(detection, events), ...detection.tick(start + 3 * 3_600_000)];
  expect(said.filter(({ kind }) => kind === 'suspect')).toEqual([]);
  return incidentsOf(said);
}
const six = { dst: '2001:db8:1::1' };

test.each([
  ['martian-source', 'loopback', { src: '127.0.0.1' }],
  ['martian-source', 'loopback of IPv6', { src: '::1', ...six }],
  ['martian-source', 'nobody', { src: '0.1.2.3' }],
  ['martian-source', 'who has no address, to one host', { src: '0.0.0.0' }],
  ['martian-source', 'reserved', { src: '240.1.1.1' }],
  ['martian-source', 'broadcast', { src: '255.255.255.255' }],
  ['martian-source', 'a group', { src: '224.0.0.9' }],
  ['martian-source', 'a group of IPv6', { src: 'ff02::1', ...six }],
  ['martian-source', 'a private network from the world', { src: '192.168.7.7' }],
  ['martian-source', 'a unique local address from the world', { src: 'fd99::1', ...six }],
  ['martian-source', 'a network for documentation from the world', { src: '192.0.2.1' }],
  ['spoofed-source', 'an own address', { src: '198.51.100.1', dst: '198.51.100.7' }],
  ['spoofed-source', 'an own address of IPv6', { src: '2001:db8:1::1', dst: '2001:db8:1::7' }],
  ['spoofed-source', 'its own target', { src: '8.8.8.8', dst: '8.8.8.8' }],
  ['spoofed-source', 'the network behind another link', { src: '10.1.0.9' }],
  ['spoofed-source', "a container's, from the world", { src: '172.17.0.2' }],
  ['spoofed-source', 'the network behind another link, of IPv6', { src: 'fd00:1::9', ...six }],
])('%s: %s, from the third packet on', (detector, _, event) => {
  const [incident, ...others] = run(times(5, event)).filter((one) => one.detector === detector);
  expect(others).toEqual([]);
  expect(incident).toMatchObject({ detector, severity: 'low', events: 5, spoofable: true });
  expect(run(times(2, event))).toEqual([]);
  // Few in a long time are somebody's mistake.
  expect(run(times(6, event, 6 * 60_000))).toEqual([]);
});

test.each([
  ['DHCP', { src: '0.0.0.0', dst: '255.255.255.255', proto: 17, sport: 68, dport: 67 }],
  ['who asks for groups without an address', { src: '0.0.0.0', dst: '224.0.0.1', proto: 2 }],
  ['duplicate address detection', { src: '::', dst: 'ff02::1:ff00:1', proto: 58, icmpType: 135 }],
  [
    'what this host says to groups, and hears itself',
    { src: '198.51.100.1', dst: '224.0.0.251', proto: 17, sport: 5353, dport: 5353 },
  ],
  ['the same of IPv6', { src: 'fe80::1', dst: 'ff02::fb', proto: 17, sport: 5353, dport: 5353 }],
  ['link-local addresses', { src: '169.254.3.4' }],
  ['link-local addresses of IPv6', { src: 'fe80::1234', dst: 'fe80::1' }],
  ['a neighbour', { src: '198.51.100.9' }],
  ['somebody of the world', { src: '8.8.4.4' }],
  ['the network of a link, on it', { src: '10.1.0.9', in: 'eth1' }],
  ['a private network behind it', { src: '192.168.9.9', in: 'eth1' }],
  ['a container', { src: '172.17.0.2', in: 'docker0', out: 'eth0', dst: '8.8.8.8' }],
  ['what a container says to itself by this host', { src: '172.17.0.1', in: 'docker0', out: 'docker0', dst: '172.17.0.2' }],
  ['loopback on loopback', { src: '127.0.0.1', dst: '127.0.0.1', in: 'lo' }],
  ['what this host sends', { src: '198.51.100.1', dst: '8.8.8.8', in: '', out: 'eth0' }],
])('none: %s', (_, event) => {
  expect(run(times(20, event))).toEqual([]);
});

test('where the host is not known, private networks may be anybody; what nobody can have is nobody', () => {
  for (const src of ['192.168.7.7', '172.17.0.2', '198.51.100.1'])
    expect(run(times(9, { src, dst: '198.51.100.7' }), unknownSurroundings)).toEqual([]);
  expect(run(times(9, { src: '127.0.0.1' }), unknownSurroundings)).toHaveLength(1);
  expect(run(times(9, { src: '198.51.100.7', dst: '198.51.100.7' }), unknownSurroundings)).toHaveLength(1);
});

test('a set of networks has what comparing bits says', () => {
  const texts = ['10.0.0.0/8', '10.1.2.3/32', '192.168.128.0/17', '0.0.0.0/3', 'fd00::/8', '2001:db8:1:2::/64', 'fe80::1/128'];
  const prefixes = texts.map((text) => network(text));
  const events: Made[] = [];
  for (let each = 0; each < 1500; each += 1) {
    const byte = (shift: number): number => (Math.imul(each + 1, 2_654_435_761) >>> shift) & 255;
    const near = [
      `10.${byte(0)}.2.3`,
      `192.168.${byte(0)}.1`,
      `${byte(0)}.1.1.1`,
      `fd${byte(0).toString(16).padStart(2, '0')}::1`,
      `2001:db8:1:${byte(0) % 4}::${byte(8)}`,
      `fe80::${byte(0) % 3}`,
    ];
    events.push({
      at: each,
      src: near[each % near.length] as string,
      dst: each % near.length < 3 ? '198.51.100.1' : '2001:db8::1',
    });
  }
  const batch = batchOf(events);
  const set = addressSet(prefixes);
  let found = 0;
  for (const [row, { src }] of events.entries()) {
    const { family, value } = address(src ?? '');
    const bits = family === 4 ? 32n : 128n;
    const expected = prefixes.some(
      (one) => one.family === family && one.value >> (bits - BigInt(one.length)) === value >> (bits - BigInt(one.length)),
    );
    expect(set.has(batch, row), src).toBe(expected);
    if (expected) found += 1;
  }
  expect(found).toBeGreaterThan(200);
  expect(found).toBeLessThan(1300);
});
