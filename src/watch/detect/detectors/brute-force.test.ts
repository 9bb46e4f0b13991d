import { describe, expect, test } from 'vitest';
import { eventKinds } from '../../events/batch.ts';
import { unknownSurroundings } from '../../index.ts';
import { createDetection } from '../detection.ts';
import type { Detector } from '../detector.ts';
import { incidentsOf, type Made, series, start, takeAll } from '../made.fixture.ts';
import { distributedBruteForce } from './distributed-brute-force.ts';
import { serviceBruteForce } from './service-brute-force.ts';
import { sshBruteForce } from './ssh-brute-force.ts';

const minute = 60_000;
const hour = 60 * minute;
const run = (detector: Detector, events: readonly Made[], trusted = true) => {
  const detection = createDetection({ seed: 7, surroundings: unknownSurroundings, detectors: [detector], capacity: 1024 });
  const ordered = [...events].sort((one, other) => one.at - other.at);
  const said = takeAll(detection, ordered, trusted);
  // All that is open is over hours later, and is told of as it was.
  return [...said, ...detection.tick(start + (ordered.at(-1)?.at ?? 0) + 9 * hour)];
};
const fail = (at: number, src = '203.0.113.9'): Made => ({ at, src, kind: eventKinds.failedLogin, dst: '0.0.0.0', in: '' });
const accept = (at: number, src = '203.0.113.9'): Made => ({ at, src, kind: eventKinds.acceptedLogin, dst: '0.0.0.0', in: '' });
const fails = (count: number, everyMs: number, src?: string): Made[] =>
  Array.from({ length: count }, (_, each) => fail(each * everyMs, src));
/** New connections, each from a port of its own. */
const connects = (count: number, everyMs: number, more: Partial<Made> = {}): Made[] =>
  series(count, everyMs, (each) => ({ sport: 32_768 + ((each * 7) % 28_000), ...more }));

describe('failed logins by ssh', () => {
  test('five within ten minutes are too many, four are not, nor are five within a little more', () => {
    expect(run(sshBruteForce, fails(4, 1000))).toEqual([]);
    expect(run(sshBruteForce, fails(5, 151_000))).toEqual([]);
    const said = run(sshBruteForce, fails(5, 150_000));
    expect(incidentsOf(said)).toEqual([
      expect.objectContaining({ detector: 'ssh-brute-force', severity: 'high', spoofable: false, trusted: true, events: 5 }),
    ]);
    expect(said.filter(({ kind }) => kind === 'suspect')).toEqual([
      expect.objectContaining({ detector: 'ssh-brute-force', spoofable: false, weight: 1 }),
    ]);
  });

  test('one each 30 seconds is seen at the fifth, one each ten minutes within half a day, one an hour never', () => {
    const [quick] = incidentsOf(run(sshBruteForce, fails(20, 30_000)));
    expect(quick).toMatchObject({ events: 20, last: (quick?.first ?? 0) + 19 * 30_000 });
    expect(incidentsOf(run(sshBruteForce, fails(72, 10 * minute)))).toHaveLength(1);
    expect(run(sshBruteForce, fails(20, 10 * minute))).toEqual([]);
    expect(run(sshBruteForce, fails(200, hour))).toEqual([]);
  });

  test('who mistypes and is then let in did nothing, time after time', () => {
    const person = Array.from({ length: 40 }, (_, each) => {
      const at = each * 3 * minute;
      return [fail(at), fail(at + 5000), fail(at + 10_000), accept(at + 20_000)];
    }).flat();
    expect(run(sshBruteForce, person)).toEqual([]);
    expect(
      run(sshBruteForce, [...fails(4, 1000), accept(5000), ...fails(4, 1000).map((one) => ({ ...one, at: one.at + 6000 }))]),
    ).toEqual([]);
  });

  test('twenty people behind one address may mistype twice as often, and no more', () => {
    const office = (count: number): Made[] => [accept(0), ...fails(count, 10_000).map((one) => ({ ...one, at: one.at + hour }))];
    expect(run(sshBruteForce, office(9))).toEqual([]);
    expect(incidentsOf(run(sshBruteForce, office(10)))).toHaveLength(1);
    const day = Array.from({ length: 240 }, (_, each) => {
      const at = each * 2 * minute;
      return each % 4 === 0 ? [fail(at), accept(at + 9000)] : [accept(at)];
    }).flat();
    expect(run(sshBruteForce, day)).toEqual([]);
  });

  test('who is let in after very many may have found the password', () => {
    const few = run(sshBruteForce, [...fails(8, 1000), accept(20_000)]);
    expect(incidentsOf(few)).toEqual([expect.objectContaining({ severity: 'high' })]);
    const many = incidentsOf(run(sshBruteForce, [...fails(60, 2000), accept(130_000)]));
    expect(many).toEqual([expect.objectContaining({ severity: 'critical', title: expect.stringContaining('found a password') })]);
    expect(many[0]?.why).toContain('after 60 logins that failed');
  });

  test('what was forgiven in a file that anybody writes is not forgiven', () => {
    const detection = createDetection({ seed: 7, surroundings: unknownSurroundings, detectors: [sshBruteForce], capacity: 1024 });
    takeAll(detection, fails(4, 1000));
    takeAll(detection, [accept(4500)], false);
    expect(incidentsOf(takeAll(detection, [fail(5000)]))).toHaveLength(1);
  });
});

describe('connections to ssh that rules logged', () => {
  test('six new ones within a minute are too many, five are not, and SYNs that are sent again are none', () => {
    expect(run(sshBruteForce, connects(5, 1000))).toEqual([]);
    expect(run(sshBruteForce, connects(6, 12_500))).toEqual([]);
    expect(incidentsOf(run(sshBruteForce, connects(6, 12_000)))).toEqual([
      expect.objectContaining({ severity: 'medium', spoofable: true, events: 6 }),
    ]);
    const again = [0, 1, 3, 7, 15, 31].flatMap((second) => [0, 20].map((ms) => ({ at: 1000 * second + ms, sport: 40_000 + ms })));
    expect(run(sshBruteForce, again)).toEqual([]);
  });

  test('two a minute are seen within the hour; one a minute, for ever, is a monitor', () => {
    expect(incidentsOf(run(sshBruteForce, connects(100, 30_000)))).toHaveLength(1);
    expect(run(sshBruteForce, connects(3000, minute))).toEqual([]);
  });

  test('who logs in is judged by logins alone, and other addresses count apart', () => {
    expect(run(sshBruteForce, [accept(0), ...connects(20, 1000)])).toEqual([]);
    expect(
      run(
        sshBruteForce,
        series(40, 1000, (each) => ({ sport: 40_000 + each, dst: `198.51.100.${1 + (each % 20)}` })),
      ),
    ).toEqual([]);
  });
});

describe('connections to other services', () => {
  test('eight within a minute to one service are too many; seven, and eight over three services, are not', () => {
    expect(run(serviceBruteForce, connects(7, 1000, { dport: 3389 }))).toEqual([]);
    expect(incidentsOf(run(serviceBruteForce, connects(8, 8000, { dport: 3389 })))).toEqual([
      expect.objectContaining({
        detector: 'service-brute-force',
        title: expect.stringContaining('remote desktop (RDP) of 198.51.100.1'),
      }),
    ]);
    const spread = series(12, 1000, (each) => ({ sport: 40_000 + each, dport: [3389, 3306, 5432][each % 3] as number }));
    expect(run(serviceBruteForce, spread)).toEqual([]);
    expect(run(serviceBruteForce, connects(300, 100, { dport: 443 }))).toEqual([]);
  });

  test('mail servers may open three times as many', () => {
    expect(run(serviceBruteForce, connects(21, 1000, { dport: 25 }))).toEqual([]);
    expect(incidentsOf(run(serviceBruteForce, connects(22, 1000, { dport: 25 })))).toHaveLength(1);
  });

  test('a monitor of three services, and one that a provider sends mail from, are none', () => {
    const monitor = [25, 143, 3306].flatMap((dport) => connects(1500, minute, { dport }));
    const mail = connects(1000, 20_000, { dport: 25, src: '192.0.2.25' });
    expect(run(serviceBruteForce, [...monitor, ...mail])).toEqual([]);
  });

  test('SIP by UDP has one port, and counts each fifteenth', () => {
    const calls = (count: number): Made[] => series(count, 300, () => ({ proto: 17, sport: 5060, dport: 5060 }));
    expect(run(serviceBruteForce, calls(105))).toEqual([]);
    expect(incidentsOf(run(serviceBruteForce, calls(106)))).toHaveLength(1);
  });
});

describe('many who try together', () => {
  const crowd = (sources: number, tries: number, make: (at: number, src: string, each: number) => Made): Made[] =>
    Array.from({ length: sources }, (_, source) =>
      Array.from({ length: tries }, (_, each) =>
        make(each * 20 * minute + source * 7000, `10.${source >> 8}.${source & 255}.1`, each),
      ),
    ).flat();
  const connect = (at: number, src: string, each: number): Made => ({ at, src, sport: 40_000 + each });

  test('150 who fail six times each within two hours are one incident, and are to be shut out', () => {
    const said = run(distributedBruteForce, crowd(150, 6, fail));
    const incidents = incidentsOf(said);
    expect(incidents).toEqual([
      expect.objectContaining({ detector: 'distributed-brute-force', severity: 'high', spoofable: false, sourceCount: 150 }),
    ]);
    const shut = new Set(said.flatMap((each) => (each.kind === 'suspect' ? [each.source.value] : [])));
    expect(shut.size).toBe(150);
    expect(incidents[0]?.why).toMatch(/shut out: \d+/);
  });

  test('39 are not enough; of 60 the one who failed twice is named, and not shut out', () => {
    expect(run(distributedBruteForce, crowd(39, 6, fail))).toEqual([]);
    const said = run(distributedBruteForce, [...crowd(60, 4, fail), fail(1000, '192.0.2.7'), fail(2000, '192.0.2.7')]);
    const [incident] = incidentsOf(said);
    expect(incident?.sources).toHaveLength(61);
    const shut = said.flatMap((each) => (each.kind === 'suspect' ? [Number(each.source.value)] : []));
    expect(new Set(shut).size).toBe(60);
    expect(shut).not.toContain(0xc0000207);
  });

  test('who is let in is none of them', () => {
    const events = crowd(80, 3, fail).flatMap((one) => [one, { ...accept(one.at + 30_000, one.src) }]);
    expect(run(distributedBruteForce, events)).toEqual([]);
  });

  test('nor is an office behind one address, where two mistype at once an hour after somebody logged in', () => {
    const office = [accept(0, '192.0.2.7'), ...[0, 1, 2, 3].map((each) => fail(60 * minute + 5000 * each, '192.0.2.7'))];
    const opened = [0, 1, 2, 3, 4].map((each) => connect(60 * minute + 300_000 * each, '192.0.2.7', each));
    for (const [others, own] of [
      [crowd(60, 6, fail), office],
      [crowd(60, 6, connect), [accept(0, '192.0.2.7'), ...opened]],
    ] as const) {
      const [incident] = incidentsOf(run(distributedBruteForce, [...others, ...own]));
      expect(incident?.sourceCount).toBe(60);
      expect(incident?.sources.map(({ value }) => Number(value))).not.toContain(0xc0000207);
    }
  });

  test('by connections: six each to one address and port, not three, and not to many addresses', () => {
    const said = run(distributedBruteForce, crowd(150, 6, connect));
    expect(incidentsOf(said)).toEqual([expect.objectContaining({ spoofable: true, sourceCount: 150 })]);
    expect(new Set(said.flatMap((each) => (each.kind === 'suspect' ? [each.source.value] : []))).size).toBe(150);
    expect(run(distributedBruteForce, crowd(150, 3, connect))).toEqual([]);
    const spread = crowd(150, 6, (at, src, each) => ({ at, src, sport: 40_000 + each, dst: `198.51.100.${each}` }));
    expect(run(distributedBruteForce, spread)).toEqual([]);
  });

  test('who tries all day does it alone', () => {
    const loud = crowd(150, 60, (at, src, each) => ({ ...connect(at, src, each), at: at / 10 }));
    const incident = incidentsOf(
      run(distributedBruteForce, [...loud.map((one) => ({ ...one, at: one.at + 3 * hour })), ...loud]),
    );
    // While they had tried little they were many; an hour later nobody is one of them.
    expect(incident.every(({ last, first }) => last - first < 2 * hour)).toBe(true);
  });
});
