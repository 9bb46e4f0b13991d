import { describe, expect, test } from 'vitest';
import { unknownSurroundings } from '../../index.ts';
import { createDetection } from '../detection.ts';
import type { Detector, Observation } from '../detector.ts';
import { flag, incidentsOf, type Made, series, start, takeAll } from '../made.fixture.ts';
import { conntrackFull } from './conntrack-full.ts';
import { loggingSilent } from './logging-silent.ts';
import { metadataService } from './metadata-service.ts';
import { outboundScan } from './outbound-scan.ts';
import { setFull } from './set-full.ts';

const begin = (detector: Detector) =>
  createDetection({
    seed: 7,
    surroundings: { ...unknownSurroundings, outside: ['eth0'] },
    detectors: [detector],
    capacity: 1024,
  });
const minute = 60_000;

describe('what this host itself asks for', () => {
  const leaving = { src: '198.51.100.1', in: '', out: 'eth0' };
  const to = (each: number): string => `203.0.${each >> 8}.${each & 255}`;
  const run = (events: readonly Made[]) => incidentsOf(takeAll(begin(outboundScan), events));

  test('30 targets within ten minutes are too many, 29 are not, nor are 30 in longer', () => {
    const asks = (count: number, everyMs: number) =>
      run(series(count, everyMs, (each) => ({ ...leaving, dst: to(each), dport: 445 })));
    expect(asks(29, 1000)).toEqual([]);
    expect(asks(30, 1000)).toEqual([expect.objectContaining({ detector: 'outbound-scan', severity: 'critical', events: 30 })]);
    expect(asks(60, 21_000)).toEqual([]);
    expect(asks(60, 20_000)).toHaveLength(1);
  });

  test('the web and mail: 200; the same target again, answers, ends of connections, names and times: never', () => {
    const asks = (count: number, more: Partial<Made>) =>
      run(series(count, 100, (each) => ({ ...leaving, dst: to(each), ...more })));
    expect(asks(199, { dport: 443 })).toEqual([]);
    expect(asks(200, { dport: 443 })).toHaveLength(1);
    expect(run(series(500, 100, () => ({ ...leaving, dport: 8883 })))).toEqual([]);
    expect(asks(500, { dport: 53, proto: 17 })).toEqual([]);
    expect(asks(500, { dport: 123, proto: 17 })).toEqual([]);
    expect(asks(500, { dport: 50_000, proto: 17, sport: 53 })).toEqual([]);
    expect(asks(500, { dport: 50_000, sport: 443, flags: flag.ACK | flag.FIN })).toEqual([]);
    expect(asks(500, { dport: 50_000, flags: flag.RST })).toEqual([]);
    expect(run(series(500, 100, (each) => ({ dst: to(each), dport: 445 })))).toEqual([]);
  });
});

describe('the metadata service', () => {
  const run = (event: Partial<Made>) => {
    const detection = begin(metadataService);
    const said = takeAll(
      detection,
      series(3, 1000, () => event),
    );
    return incidentsOf([...said, ...detection.tick(start + 2 * 3_600_000)]);
  };

  test.each([
    ['a process of this host', 'medium', { src: '198.51.100.1', dst: '169.254.169.254', in: '', out: 'eth0', dport: 80 }],
    ['a container', 'high', { src: '172.17.0.2', dst: '169.254.169.254', in: 'docker0', out: 'eth0', dport: 80 }],
    ['by IPv6', 'medium', { src: '2001:db8::1', dst: 'fd00:ec2::254', in: '', out: 'eth0', dport: 80 }],
    ['of Alibaba', 'medium', { src: '198.51.100.1', dst: '100.100.100.200', in: '', out: 'eth0', dport: 80 }],
  ])('%s', (_, severity, event) => {
    expect(run(event)).toEqual([expect.objectContaining({ detector: 'metadata-service', severity, events: 3 })]);
  });

  test.each([
    ['another address of the same end', { dst: '8.8.169.254', in: '', out: 'eth0' }],
    ['another of IPv6', { src: '2001:db8::1', dst: 'fd00::254', in: '', out: 'eth0' }],
    ['somebody of the world asks this host', { dst: '169.254.169.254' }],
    ['somebody of the world asks through this host', { dst: '169.254.169.254', in: 'eth0', out: 'eth1' }],
  ])('none: %s', (_, event) => {
    expect(run(event)).toEqual([]);
  });
});

describe('what no event tells', () => {
  const observed = (detection: ReturnType<typeof begin>, observations: readonly Observation[]) =>
    observations.flatMap((one) => detection.observe(one));
  const states = (said: ReturnType<typeof observed>) =>
    said.flatMap((each) => (each.kind === 'incident' ? [`${each.change} ${each.incident.severity}`] : []));

  const counters = (at: number, logged: number | null): Observation => ({
    kind: 'counters',
    at: start + at,
    logged,
    dropped: 1000 + at,
  });

  test('rules that log, and nothing that comes for five minutes: it is over with the first event', () => {
    const detection = begin(loggingSilent);
    expect(
      states(
        observed(
          detection,
          [0, 1, 2, 3, 4].map((each) => counters(each * minute, 100 + 10 * each)),
        ),
      ),
    ).toEqual([]);
    const [said] = detection.observe(counters(5 * minute, 150));
    expect(said).toMatchObject({
      change: 'opened',
      incident: { detector: 'logging-silent', severity: 'high', events: 0, first: start },
    });
    takeAll(detection, [{ at: 5.5 * minute }]);
    expect(states(observed(detection, [counters(6 * minute, 160)]))).toEqual(['closed high']);
    expect(
      states(
        observed(
          detection,
          [7, 8, 9, 10].map((each) => counters(each * minute, 200)),
        ),
      ),
    ).toEqual([]);
  });

  test('quiet: events come; nothing is met; four packets only; counters begin anew; nothing logs', () => {
    const quiet = (values: readonly (number | null)[], hears = false) => {
      const detection = begin(loggingSilent);
      return values.flatMap((logged, each) => {
        if (hears) takeAll(detection, [{ at: each * minute - 1 }]);
        return states(detection.observe(counters(each * minute, logged)) as never);
      });
    };
    expect(quiet([1, 11, 21, 31, 41, 51, 61, 71, 81], true)).toEqual([]);
    expect(quiet([5, 5, 5, 5, 5, 5, 5, 5, 5, 5])).toEqual([]);
    expect(quiet([5, 6, 7, 8, 9, 9, 9, 9, 9, 9])).toEqual([]);
    expect(quiet([90, 99, 99, 99, 2, 9, 9, 9])).toEqual([]);
    expect(quiet([null, null, null, null, null, null, null, null])).toEqual([]);
    expect(quiet([0, 9, 9, 9, 9, 9, 9])).toEqual(['opened high']);
  });

  test.each([
    [
      'conntrack',
      conntrackFull,
      (at: number, entries: number): Observation => ({ kind: 'conntrack', at: start + at, entries, limit: 1000 }),
    ],
    [
      'set-fill',
      setFull,
      (at: number, entries: number): Observation => ({
        kind: 'set-fill',
        at: start + at,
        set: 'PALISADE-BAN4',
        entries,
        limit: 1000,
        shutsOut: true,
      }),
    ],
  ])('%s: 80 % is high, 95 % critical, and it is over below 70 %', (_, detector, fill) => {
    const detection = begin(detector);
    const said = (at: number, entries: number) => states([...detection.observe(fill(at * 1000, entries))]);
    expect(said(0, 799)).toEqual([]);
    expect(said(10, 800)).toEqual(['opened high']);
    expect(said(20, 949).includes('closed high')).toBe(false);
    expect(said(30, 950)).toContain('grew critical');
    expect(said(40, 700).some((one) => one.startsWith('closed'))).toBe(false);
    expect(said(50, 699)).toContain('closed critical');
    expect(said(60, 750)).toEqual([]);
  });

  test('where the kernel dropped packets for want of room, the table is full, whatever is counted', () => {
    const detection = begin(conntrackFull);
    const counted = (at: number) =>
      states([...detection.observe({ kind: 'conntrack', at: start + at, entries: 1, limit: 1000 })]);
    const dropped = (at: number, packets: number, evicted: number) =>
      states([...detection.observe({ kind: 'conntrack-dropped', at: start + at, packets, evicted })]);
    expect(dropped(0, 0, 12)).toEqual(['opened high']);
    expect(dropped(1000, 3, 0)).toContain('grew critical');
    expect(counted(5000)).not.toContain('closed critical');
    // What was dropped is not said over by how full it is.
    const fill = { kind: 'conntrack', at: start + 20_000, entries: 1000, limit: 1000 } as const;
    expect(detection.observe(fill)).toEqual([]);
    expect(counted(11 * minute)).toContain('closed critical');
  });
});
