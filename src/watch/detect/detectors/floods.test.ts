import { describe, expect, test } from 'vitest';
import { unknownSurroundings } from '../../index.ts';
import { createDetection } from '../detection.ts';
import type { Detector } from '../detector.ts';
import { flag, incidentsOf, type Made, series, start, takeAll } from '../made.fixture.ts';
import { icmpFlood } from './icmp-flood.ts';
import { synFlood } from './syn-flood.ts';
import { udpFlood } from './udp-flood.ts';

const begin = (detector: Detector) =>
  createDetection({ seed: 7, surroundings: unknownSurroundings, detectors: [detector], capacity: 1024 });
function run(detector: Detector, events: readonly Made[]) {
  const detection = begin(detector);
  const ordered = [...events].sort((one, other) => one.at - other.at);
  const said = takeAll(detection, ordered);
  return [...said, ...detection.tick(start + (ordered.at(-1)?.at ?? 0) + 3_600_000)];
}
const anybody = (each: number): string => `${1 + (each % 223)}.${(each * 7) & 255}.${(each * 13) & 255}.${(each >> 8) & 255}`;
const shutOut = (said: ReturnType<typeof run>) =>
  new Set(said.flatMap((each) => (each.kind === 'suspect' ? [Number(each.source.value)] : [])));
const rate = (perSecond: number, seconds: number, make: (each: number) => Partial<Made>): Made[] =>
  series(perSecond * seconds, 1000 / perSecond, make);

describe('SYN', () => {
  test('50 a second of one source are a flood, 40 are not; it is named and may be shut out', () => {
    const one = (each: number) => ({ dport: 443, sport: 1024 + (each % 60_000) });
    expect(run(synFlood, rate(40, 30, one))).toEqual([]);
    const said = run(synFlood, rate(55, 30, one));
    expect(incidentsOf(said)).toEqual([
      expect.objectContaining({
        detector: 'syn-flood',
        sourceCount: 1,
        spoofable: true,
        title: '203.0.113.9 floods 198.51.100.1 port 443/tcp with SYN packets',
      }),
    ]);
    expect(shutOut(said)).toEqual(new Set([0xcb007109]));
  });

  test('200 a second of anybody are a flood, 170 are not; nobody is named or shut out', () => {
    const forged = (each: number) => ({ src: anybody(each), dport: 80 });
    expect(run(synFlood, rate(170, 30, forged))).toEqual([]);
    const said = run(synFlood, rate(230, 30, forged));
    const [incident, ...others] = incidentsOf(said);
    expect(others).toEqual([]);
    expect(incident).toMatchObject({ sources: [], title: 'Many sources flood 198.51.100.1 port 80/tcp with SYN packets' });
    // All but what came before it was noticed.
    expect(incident?.events).toBeGreaterThan(230 * 30 - 250);
    const sent = new Set(Array.from({ length: 230 * 30 }, (_, each) => anybody(each))).size;
    expect(Math.abs((incident?.sourceCount ?? 0) - sent)).toBeLessThan(0.15 * sent);
    expect(shutOut(said).size).toBe(0);
  });

  test('who floods among many who are forged is named alone', () => {
    const forged = rate(400, 20, (each) => ({ src: anybody(each), dport: 80 }));
    const loud = rate(150, 20, () => ({ src: '192.0.2.66', dport: 80 }));
    const said = run(synFlood, [...forged, ...loud]);
    const [incident, ...others] = incidentsOf(said);
    expect(others).toEqual([]);
    expect(incident?.sources.map(({ value }) => Number(value))).toEqual([0xc0000242]);
    expect(shutOut(said)).toEqual(new Set([0xc0000242]));
    expect(incident?.sourceCount).toBeGreaterThan(500);
  });

  test('a scan of ports, and packets that end connections, are none, however quick', () => {
    expect(
      run(
        synFlood,
        rate(600, 5, (each) => ({ dport: 1 + (each % 3000) })),
      ),
    ).toEqual([]);
    expect(
      run(
        synFlood,
        rate(600, 5, () => ({ flags: flag.ACK | flag.RST, sport: 443, dport: 50_000 })),
      ),
    ).toEqual([]);
  });

  test('each target is an incident of its own, and one that comes again later is another', () => {
    const first = rate(100, 20, (each) => ({ dport: 80, sport: 1024 + each }));
    const other = rate(100, 20, (each) => ({ dport: 80, dst: '198.51.100.2', sport: 1024 + each }));
    const later = first.map((one) => ({ ...one, at: one.at + 3_600_000 }));
    const incidents = incidentsOf(run(synFlood, [...first, ...other, ...later]));
    expect(incidents).toHaveLength(3);
    expect(incidents[2]?.first).toBeGreaterThanOrEqual(start + 3_600_000);
    expect(incidents.every(({ events }) => events > 1900 && events <= 2000)).toBe(true);
  });
});

describe('UDP', () => {
  const udp = (more: Partial<Made>) => ({ proto: 17, sport: 40_000, dport: 27_015, ...more });

  test('200 a second of one source are a flood, whatever the ports, 170 are not', () => {
    expect(
      run(
        udpFlood,
        rate(170, 30, (each) => udp({ dport: 1 + each })),
      ),
    ).toEqual([]);
    expect(
      incidentsOf(
        run(
          udpFlood,
          rate(230, 30, (each) => udp({ dport: 1 + each })),
        ),
      ),
    ).toEqual([expect.objectContaining({ detector: 'udp-flood', sourceCount: 1 })]);
  });

  test('answers of many servers that nobody asked are a flood of nobody; of one server they are late', () => {
    const answer = (each: number, servers: number) => udp({ src: `192.0.${each % servers}.53`, sport: 53, dport: 33_000 });
    const said = run(
      udpFlood,
      rate(400, 30, (each) => answer(each, 200)),
    );
    expect(incidentsOf(said)).toEqual([
      expect.objectContaining({ sources: [], why: expect.stringContaining('in the name of this address') }),
    ]);
    expect(shutOut(said).size).toBe(0);
    expect(
      run(
        udpFlood,
        rate(400, 30, (each) => answer(each, 3)),
      ),
    ).toEqual([]);
    expect(
      run(
        udpFlood,
        rate(1000, 5, () => udp({ src: '192.0.2.1', sport: 443, dport: 51_000 })),
      ),
    ).toEqual([]);
  });
});

describe('ICMP', () => {
  const echo = (more: Partial<Made> = {}): Partial<Made> => ({ proto: 1, icmpType: 8, ...more });

  test('20 a second of one source are a flood, 16 are not, nor is one a second for ever of each of 30', () => {
    expect(
      run(
        icmpFlood,
        rate(16, 60, () => echo()),
      ),
    ).toEqual([]);
    expect(
      incidentsOf(
        run(
          icmpFlood,
          rate(25, 60, () => echo()),
        ),
      ),
    ).toEqual([expect.objectContaining({ detector: 'icmp-flood' })]);
    expect(
      run(
        icmpFlood,
        rate(30, 100, (each) => echo({ src: `192.0.2.${1 + (each % 30)}` })),
      ),
    ).toEqual([]);
  });

  test('errors count, what neighbours of IPv6 ask does not', () => {
    const six = { src: '2001:db8::1', dst: '2001:db8::2', proto: 58 };
    expect(
      incidentsOf(
        run(
          icmpFlood,
          rate(150, 20, (each) => echo({ icmpType: 3, src: anybody(each) })),
        ),
      ),
    ).toHaveLength(1);
    expect(
      run(
        icmpFlood,
        rate(150, 20, () => ({ ...six, icmpType: 135 })),
      ),
    ).toEqual([]);
    expect(
      incidentsOf(
        run(
          icmpFlood,
          rate(150, 20, () => ({ ...six, icmpType: 128 })),
        ),
      ),
    ).toHaveLength(1);
  });
});

test('a rate is what a list of times says', () => {
  // The first sighting comes where the sum of what came, less a fifth for each second that has begun since, reaches 250 a source.
  const times = Array.from({ length: 3000 }, (_, each) => Math.floor(each * 17 + 5 * Math.sin(each / 40) * 17));
  let [score, second, expected] = [0, 0, -1];
  for (const at of times) {
    const now = Math.floor((start + at) / 1000);
    score = score * 0.8 ** (now - second) + 1;
    second = now;
    if (expected < 0 && score * 0.2 >= 50) expected = at;
  }
  const detection = begin(synFlood);
  const seen = times.find((at) => takeAll(detection, [{ at, dport: 443 }]).length > 0);
  expect(expected).toBeGreaterThan(0);
  // Sources are only counted from a quarter of that on, so that it comes later by as much.
  expect(seen).toBeGreaterThanOrEqual(expected);
  expect((seen ?? 0) - expected).toBeLessThan(5000);
});
