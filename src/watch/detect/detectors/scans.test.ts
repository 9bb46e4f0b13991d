import { describe, expect, test } from 'vitest';
import { formatPrefix } from '../../../model/net/index.ts';
import { createDetection } from '../detection.ts';
import { flag, incidentsOf, type Made, series, start, takeAll } from '../made.fixture.ts';
import { unknownSurroundings } from '../surroundings.ts';
import { distributedScan } from './distributed-scan.ts';
import { horizontalScan } from './horizontal-scan.ts';
import { networkScan } from './network-scan.ts';
import { slowScan } from './slow-scan.ts';
import { stealthScan } from './stealth-scan.ts';
import { udpScan } from './udp-scan.ts';
import { verticalScan } from './vertical-scan.ts';

const scans = [verticalScan, slowScan, horizontalScan, distributedScan, networkScan, udpScan, stealthScan];
const begin = (detectors = scans) => createDetection({ seed: 7, surroundings: unknownSurroundings, detectors, capacity: 4096 });
const hour = 3_600_000;

/** Which detectors have seen something in these events, the strongest of each incident first. */
function seen(events: readonly Made[], detectors = scans): string[] {
  return incidentsOf(takeAll(begin(detectors), inOrder(events), true, 1000)).map(({ detector }) => detector);
}

const inOrder = (events: readonly Made[]): Made[] => [...events].sort((one, other) => one.at - other.at);
const ports = (count: number, everyMs: number, more: Partial<Made> = {}): Made[] =>
  series(count, everyMs, (each) => ({ dport: 1 + each * 7, ...more }));

describe('each from its threshold on', () => {
  test('ports', () => {
    expect(seen(ports(12, 1000))).toEqual([]);
    expect(seen(ports(20, 1000))).toEqual(['vertical-scan']);
    // One in a minute and a half is none of minutes.
    expect(seen(ports(60, 90_000), [verticalScan])).toEqual([]);
    expect(seen(ports(60, 30_000), [verticalScan])).toEqual(['vertical-scan']);
  });

  test('from a hundred ports on it is severe', () => {
    expect(incidentsOf(takeAll(begin(), ports(60, 100)))).toMatchObject([{ severity: 'medium' }]);
    expect(incidentsOf(takeAll(begin(), ports(300, 100)))).toMatchObject([{ severity: 'high' }]);
  });

  test('UDP ports', () => {
    expect(seen(ports(9, 1000, { proto: 17 }))).toEqual([]);
    expect(seen(ports(16, 1000, { proto: 17 }))).toEqual(['udp-scan']);
  });

  test('addresses', () => {
    const addresses = (count: number, everyMs: number, more: Partial<Made> = {}): Made[] =>
      series(count, everyMs, (each) => ({ dst: `198.51.100.${1 + each}`, ...more }));
    expect(seen(addresses(12, 1000))).toEqual([]);
    expect(seen(addresses(24, 1000))).toEqual(['horizontal-scan']);
    expect(seen(addresses(30, 5 * 60_000))).toEqual([]);
    const pings = takeAll(begin(), addresses(24, 1000, { proto: 1, icmpType: 8 }));
    expect(incidentsOf(pings)).toMatchObject([{ detector: 'horizontal-scan', severity: 'low' }]);
    expect(pings.filter(({ kind }) => kind === 'suspect')).toEqual([]);
  });

  test.each([60, 120, 300, 600])('one port every %d seconds, for hours', (every) => {
    expect(seen(ports(40, every * 1000))).toContain('slow-scan');
    expect(seen(ports(8, every * 1000))).toEqual([]);
  });

  test('a dozen ports in a day are none', () => {
    expect(seen(ports(12, 2 * hour))).toEqual([]);
  });

  test('a quick scan is none that is slow, however long it goes on', () => {
    expect(seen(ports(400, 8000), [slowScan])).toEqual([]);
  });

  test.each<[string, number]>([
    ['NULL', 0],
    ['FIN', flag.FIN],
    ['XMAS', flag.FIN | flag.PSH | flag.URG],
    ['impossible flags', flag.SYN | flag.FIN],
  ])('stealth: %s', (name, flags) => {
    expect(seen(ports(4, 100, { flags }))).toEqual([]);
    const said = incidentsOf(takeAll(begin(), ports(9, 100, { flags })));
    expect(said).toMatchObject([{ detector: 'stealth-scan', title: expect.stringContaining(`(${name})`) }]);
  });

  test.each<[string, number]>([
    ['ACK', flag.ACK],
    ['Maimon', flag.FIN | flag.ACK],
  ])('stealth: %s', (name, flags) => {
    expect(seen(ports(9, 100, { flags }))).toEqual([]);
    const said = incidentsOf(takeAll(begin(), ports(20, 100, { flags })));
    expect(said).toMatchObject([{ detector: 'stealth-scan', title: expect.stringContaining(`(${name})`) }]);
    const high = (count: number): Made[] => series(count, 100, (each) => ({ flags, dport: 40_000 + each }));
    expect(seen(high(30))).toEqual([]);
    expect(seen(high(70))).toEqual(['stealth-scan']);
  });

  test('many who ask few ports each of one address', () => {
    const crowd = (sources: number, each: number, everyMs: number): Made[] =>
      series(sources * each, everyMs, (at) => ({ src: `81.${at % sources}.7.9`, dport: 1 + at * 3 }));
    const said = incidentsOf(takeAll(begin(), crowd(100, 5, 3000)));
    expect(said).toMatchObject([{ detector: 'distributed-scan', targets: [expect.stringMatching(/^198\.51\.100\.1, about/)] }]);
    expect(said[0]?.sourceCount).toBeGreaterThan(90);
    expect(said[0]?.sourceCount).toBeLessThan(115);
    expect(seen(crowd(100, 5, 60_000))).toEqual([]);
    expect(seen(crowd(20, 5, 3000))).toEqual([]);
    // All of them the same ports.
    expect(seen(series(500, 3000, (at) => ({ src: `81.${at % 100}.7.9`, dport: 1 + (at % 9) })))).toEqual([]);
  });

  test('a network, of which sixteen and more take part', () => {
    const network = (members: number, more: (each: number) => Partial<Made> = () => ({})): Made[] =>
      series(members * 4, 2000, (each) => ({ src: `81.2.3.${1 + (each % members)}`, dport: 1 + each, ...more(each) }));
    expect(seen(network(12), [networkScan])).toEqual([]);
    const said = takeAll(begin([networkScan]), network(40));
    expect(incidentsOf(said)).toMatchObject([{ detector: 'network-scan', sourceCount: 40 }]);
    expect(incidentsOf(said)[0]?.sources.map(formatPrefix).sort()).toEqual(
      Array.from({ length: 40 }, (_, each) => `81.2.3.${1 + each}/32`).sort(),
    );
    // People of one provider, who all want the same two ports.
    expect(seen(network(60, (each) => ({ dport: 443 + (each % 2) })))).toEqual([]);
  });

  test('a /48, of which many networks take part', () => {
    const six = series(120, 1000, (each) => ({
      src: `2001:db8:7:${(each % 30).toString(16)}::1`,
      dst: '2001:db8:10::1',
      dport: 1 + each,
    }));
    expect(seen(six, [networkScan])).toEqual(['network-scan']);
  });
});

describe('what only looks so', () => {
  const long = (every: number, hours: number, make: (each: number) => Partial<Made>): Made[] =>
    series(Math.floor((hours * hour) / every), every, make);
  const spread = (each: number): number => 32_768 + ((each * 7919) % 28_000);

  test.each<[string, Made[]]>([
    ['a monitor of three ports, for ever', long(20_000, 30, (each) => ({ dport: [80, 443, 25][each % 3] as number }))],
    ['ends of our own connections to a CDN', long(2000, 3, (each) => ({ sport: 443, dport: spread(each), flags: 17 }))],
    ['its resets', long(2000, 3, (each) => ({ sport: 443, dport: spread(each), flags: each % 2 === 0 ? 4 : 20 }))],
    ['late answers of a resolver', long(2000, 3, (each) => ({ proto: 17, sport: 53, dport: spread(each) }))],
    [
      'answers of somebody whom another asks in our name',
      long(2000, 1, (each) => ({ sport: 80, dport: 1024 + each, flags: 18 })),
    ],
    ['errors of routers', long(2000, 2, (each) => ({ src: `62.1.2.${each % 9}`, proto: 1, icmpType: 3 }))],
    ['visitors of one site', long(500, 1, (each) => ({ src: `62.1.${each % 99}.4`, dport: 443 }))],
    ['late packets of visitors', long(5000, 3, (each) => ({ dport: each % 2 === 0 ? 443 : 80, flags: 17 }))],
    [
      'an office behind one address',
      long(3000, 5, (each) => ({ dport: [22, 25, 443, 587, 993, 8080, 80, 143][each % 8] as number })),
    ],
    ['traceroute', series(90, 200, (each) => ({ proto: 17, dport: 33_434 + each }))],
    ['whom rules let in', series(200, 500, (each) => ({ dport: 1 + each, prefix: 'ACCEPT ' }))],
    ['what this host sends', series(200, 500, (each) => ({ dport: 1 + each, in: '', out: 'eth0' }))],
    [
      'neighbours that tell everybody',
      long(1000, 1, (each) => ({ src: `10.0.0.${each % 99}`, dst: '224.0.0.251', proto: 17, dport: 1 + (each % 500) })),
    ],
    ['a bot of one port at nine addresses', long(9000, 6, (each) => ({ dst: `198.51.100.${1 + (each % 9)}`, dport: 23 }))],
  ])('%s', (_, events) => {
    expect(seen(events)).toEqual([]);
  });
});

test('scans of one source within minutes are one incident, as bad as the worst of them, and say what they were seen as', () => {
  const events = [
    ...ports(40, 200),
    ...ports(20, 200, { proto: 17 }).map((event) => ({ ...event, at: event.at + 60_000 })),
    ...ports(150, 200, { flags: 0 }).map((event) => ({ ...event, at: event.at + 120_000 })),
  ];
  const detection = begin();
  const said = [...takeAll(detection, events), ...detection.tick(start + hour)];
  expect(incidentsOf(said)).toMatchObject([
    {
      detector: 'vertical-scan',
      severity: 'high',
      title: expect.stringMatching(/stealth \(NULL\).*seen as: port scan, udp scan, stealth scan/),
      events: expect.any(Number),
      state: 'closed',
    },
  ]);
  // Each counts once, though several detectors saw it; what came before its own threshold may be missing of the later ones.
  const [incident] = incidentsOf(said);
  expect(incident?.events).toBeGreaterThan(40 + 20 + 150 - 20);
  expect(incident?.events).toBeLessThanOrEqual(40 + 20 + 150);
});

test('who scans while its network does is part of that', () => {
  const network = series(200, 1000, (each) => ({ src: `81.2.3.${1 + (each % 40)}`, dport: 1 + each }));
  const one = ports(100, 100, { src: '81.2.3.200' }).map((event) => ({ ...event, at: event.at + 250_000 }));
  const said = takeAll(begin(), [...network, ...one]);
  expect(incidentsOf(said).map(({ detector }) => detector)).toEqual(['network-scan']);
  const suspects = said.flatMap((each) => (each.kind === 'suspect' ? [formatPrefix(each.source)] : []));
  expect(suspects).toContain('81.2.3.200/32');
});

test('a machine that takes another address of its /64 for each probe is one source', () => {
  const rotating = series(60, 500, (each) => ({
    src: `2001:db8:7:9:${(each * 977).toString(16)}::${each + 1}`,
    dst: '2001:db8:10::1',
    dport: 1 + each,
  }));
  const [incident, ...others] = incidentsOf(takeAll(begin(), rotating));
  expect(others).toEqual([]);
  expect(incident?.sources.map(formatPrefix)).toEqual(['2001:db8:7:9::/64']);
});

test('of decoys and their scanner all look alike, and all may be forged', () => {
  const decoys = ['81.1.1.1', '81.1.1.2', '81.1.1.3', '198.51.100.254'];
  const said = takeAll(
    begin(),
    series(160, 20, (each) => ({ src: decoys[each % 4] as string, dport: 1 + Math.floor(each / 4) })),
  );
  expect(incidentsOf(said)).toHaveLength(4);
  const suspects = said.flatMap((each) => (each.kind === 'suspect' ? [each] : []));
  expect(suspects.map(({ spoofable }) => spoofable)).toEqual(suspects.map(() => true));
});
