import { describe, expect, test } from 'vitest';
import { createDetection, type Detection } from './detection.ts';
import type { Detector } from './detector.ts';
import { detectors } from './detectors/index.ts';
import { verticalScan } from './detectors/vertical-scan.ts';
import { batchOf, incidentsOf, type Made, series, start, takeAll } from './made.fixture.ts';
import { Newcomers } from './newcomers.ts';
import { Probe } from './probe.ts';
import { sorts } from './sort.ts';
import { SourceTable } from './source-table.ts';
import { unknownSurroundings } from './surroundings.ts';

// Before anything else, so that nothing is collected meanwhile. In MB of 2^20 bytes.
const before = process.memoryUsage().arrayBuffers;
const whole = createDetection({ seed: 7, surroundings: unknownSurroundings });
const taken = (process.memoryUsage().arrayBuffers - before) / 2 ** 20;

const ports = (count: number, everyMs: number, more: Partial<Made> = {}): Made[] =>
  series(count, everyMs, (each) => ({ dport: 1 + each, ...more }));
const begin = (more: readonly Detector[] = [], capacity = 1024): Detection =>
  createDetection({ seed: 7, surroundings: unknownSurroundings, detectors: [verticalScan, ...more], capacity });
const day = 86_400_000;

/** Notes when it is told of the time, and the slots that it is shown. */
function witness(): Detector & { readonly ticks: number[]; readonly slots: number[] } {
  const ticks: number[] = [];
  const slots: number[] = [];
  return {
    id: 'witness',
    title: 'Witness',
    description: '',
    remedy: '',
    quietMs: 0,
    ticks,
    slots,
    looksAt: [sorts.syn],
    start: () => ({ see: (_, __, slot) => void slots.push(slot), tick: (now) => void ticks.push((now - start) / 1000) }),
  };
}

describe('the clock is that of the events', () => {
  test('it ticks once for every second, and over a gap for a few of them and its end', () => {
    const seen = witness();
    const detection = begin([seen]);
    takeAll(
      detection,
      [0, 100, 1500, 1600, 2500].map((at) => ({ at })),
    );
    expect(seen.ticks).toEqual([0, 1, 2]);
    takeAll(detection, [{ at: 1_000_000 }]);
    expect(seen.ticks.slice(3)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 1000]);
    detection.tick(start + 1_001_000);
    expect(seen.ticks.at(-1)).toBe(1001);
  });

  test('events that come late count as of when they were', () => {
    const scan = ports(20, 100);
    const detection = begin();
    const said = [...takeAll(detection, [...scan].reverse()), ...detection.tick(start + day)];
    expect(incidentsOf(said)).toMatchObject([{ first: start, last: start + 1900, events: 20 }]);
    // Of hours ago, they are hardly worth a thing by now.
    expect(incidentsOf(takeAll(begin(), [{ at: 5 * 3_600_000, src: '192.0.2.1' }, ...scan]))).toEqual([]);
  });

  test('one wrong date moves nothing', () => {
    const detection = begin();
    takeAll(detection, ports(20, 100));
    takeAll(detection, [{ at: 5000 * day, src: '192.0.2.1' }]);
    const said = takeAll(
      detection,
      ports(20, 100, { dport: 99 }).map((event) => ({ ...event, at: event.at + 3000 })),
    );
    expect(said.filter((each) => each.kind === 'incident' && each.change === 'closed')).toEqual([]);
  });

  test('a long silence is believed when more follows', () => {
    const detection = begin();
    takeAll(detection, ports(20, 100));
    const said = takeAll(
      detection,
      [3, 5, 7].map((days) => ({ at: days * day, src: '192.0.2.1' })),
    );
    expect(incidentsOf(said)).toMatchObject([{ state: 'closed', last: start + 1900 }]);
  });

  test('a clock that was wrong and is set back blinds nobody', () => {
    const detection = begin();
    takeAll(detection, [
      { at: 400 * day, src: '192.0.2.1' },
      { at: 400 * day, src: '192.0.2.1' },
    ]);
    takeAll(
      detection,
      series(300, 100, () => ({ src: '192.0.2.2', dport: 443 })),
    );
    const scan = ports(30, 100).map((event) => ({ ...event, at: event.at + 31_000 }));
    expect(incidentsOf(takeAll(detection, scan))).toMatchObject([{ detector: 'vertical-scan' }]);
    expect(incidentsOf(detection.tick(start + 700_000))).toMatchObject([{ state: 'closed', last: start + 33_900 }]);
  });
});

describe('sources', () => {
  test('of too many new ones none is followed, those that are known are, and each event counts', () => {
    const seen = witness();
    const detection = begin([seen], 4096);
    takeAll(detection, [{ at: 0, src: '192.0.2.7' }]);
    const flood = series(3000, 1, (each) => ({ src: `81.${each >> 8}.${each & 255}.9` }));
    takeAll(detection, [...flood, { at: 3001, src: '192.0.2.7' }]);
    const followed = seen.slots.filter((slot) => slot >= 0).length;
    expect(seen.slots.at(-1)).toBe(0);
    // The first 200, one of 512 of the others, and the one that was known.
    expect(followed).toBeLessThan(220);
    const { events, unfollowed, sources } = detection.counts;
    expect(events).toBe(3002);
    expect(unfollowed + followed).toBe(3002);
    expect(sources).toBe(followed - 1);
    // Once it is over, new ones are followed again.
    takeAll(detection, [{ at: 6000, src: '192.0.2.8' }]);
    expect(seen.slots.at(-1)).toBeGreaterThan(0);
  });

  test('a scan that begins within a flood is seen', () => {
    const flood = series(10_000, 0.5, (each) => ({ src: `${81 + (each >> 16)}.${(each >> 8) & 255}.${each & 255}.9` }));
    const scan = ports(1500, 4, { src: '203.0.113.9' }).map((event) => ({ ...event, at: event.at + 1000 }));
    const said = takeAll(
      begin([], 4096),
      [...flood, ...scan].sort((one, other) => one.at - other.at),
      true,
      4096,
    );
    expect(incidentsOf(said)).toMatchObject([{ detector: 'vertical-scan', sources: [{ value: 0xcb007109n }] }]);
  });

  test('how many new ones there are is estimated', () => {
    const newcomers = new Newcomers();
    const probe = new Probe(9);
    const batch = batchOf(series(5000, 0, (each) => ({ dst: `81.7.${each >> 8}.${each & 255}` })));
    for (let row = 0; row < batch.length; row += 1) {
      probe.take(batch, row);
      newcomers.admits(probe.host);
      newcomers.admits(probe.host);
    }
    newcomers.tick(1);
    expect(newcomers.isGuarding).toBe(true);
    expect(newcomers.perSecond / 5000).toBeGreaterThan(0.95);
    expect(newcomers.perSecond / 5000).toBeLessThan(1.07);
    newcomers.tick(1);
    expect(newcomers).toMatchObject({ isGuarding: false, perSecond: 0 });
  });

  test('the one that was longest not heard of makes room, and what was kept of it is gone', () => {
    const table = new SourceTable(4, 7);
    const words = table.records.reserve(1);
    const batch = batchOf([1, 2, 3, 4, 5, 1].map((each) => ({ at: 0, src: `192.0.2.${each}` })));
    for (const row of [0, 1, 2, 3]) {
      const slot = table.slotOf(batch, row);
      table.records.words[slot * table.records.stride + words] = 1 + row;
    }
    expect(table.slotOf(batch, 5)).toBe(0);
    expect(table.slotOf(batch, 4)).toBe(1);
    expect([0, 1, 2, 3].map((slot) => table.stampOf(slot))).toEqual([0, 1, 0, 0]);
    expect(table.records.words[table.records.stride + words]).toBe(0);
    expect(table.find(batch, 1)).toBe(-1);
    expect([0, 2, 3].map((row) => table.find(batch, row))).toEqual([0, 2, 3]);
    expect(table.source(1).value).toBe(0xc0000205n);
  });

  test('of fifty thousand each has its slot, and none is another', () => {
    const table = new SourceTable(512, 99);
    const batch = batchOf(series(512, 0, (each) => ({ src: `81.7.${each >> 8}.${each & 255}` })));
    let wrong = 0;
    for (let round = 0; round < 100; round += 1)
      for (let row = 0; row < batch.length; row += 1) {
        batch.src[4 * row + 3] = (Math.imul(round * 512 + row, 0x9e3779b1) >>> (row % 3 === 0 ? 22 : 4)) >>> 0;
        const slot = table.slotOf(batch, row);
        if (table.source(slot).value !== BigInt(batch.src[4 * row + 3] as number)) wrong += 1;
      }
    expect(wrong).toBe(0);
    expect(table.size).toBe(512);
  });
});

test('what anybody could have written counts apart, and never makes anything of what the kernel said', () => {
  const detection = begin();
  const said = [...takeAll(detection, ports(14, 100), false), ...takeAll(detection, ports(10, 100, { dport: 999 }), true)];
  expect(incidentsOf(said)).toEqual([]);
  const scan = ports(20, 100);
  const both = [...takeAll(detection, scan, false), ...takeAll(detection, scan, true)];
  expect(incidentsOf(both).map(({ trusted }) => trusted)).toEqual([false, true]);
  expect(new Set(incidentsOf(both).map(({ id }) => id)).size).toBe(2);
});

test('what the host itself had to say is left to whoever looks at it', () => {
  const [open] = incidentsOf(takeAll(begin(), ports(20, 100)));
  if (open === undefined) throw new Error('no incident');
  const resume = [open, { ...open, id: 'of-the-host', detector: 'drift', sources: [], sourceCount: 0 }];
  const detection = createDetection({ seed: 7, surroundings: unknownSurroundings, detectors: [verticalScan], resume });
  expect(detection.counts.openIncidents).toBe(1);
  expect(incidentsOf(detection.tick(start + day)).map(({ id, state, remedy }) => [id, state, remedy])).toEqual([
    [open.id, 'closed', verticalScan.remedy],
  ]);
});

test('the same events say the same, whatever the batches', () => {
  const events = series(3000, 37, (each) => ({
    src: `81.1.${each % 40}.1`,
    dst: `198.51.100.${1 + (each % 7)}`,
    dport: each % 3 === 0 ? 443 : 1 + ((each * 31) % 900),
    ...(each % 5 === 0 ? { flags: 1 } : {}),
  }));
  const all = (size: number) => {
    const detection = createDetection({ seed: 7, surroundings: unknownSurroundings, capacity: 1024 });
    const said = [...takeAll(detection, events, true, size), ...detection.tick(start + day)];
    return incidentsOf(said).map(({ id, events: count, first, last, severity }) => ({ id, count, first, last, severity }));
  };
  const one = all(3000);
  expect(one.length).toBeGreaterThan(5);
  expect(all(7)).toEqual(one);
});

test('what all detectors keep has a ceiling', () => {
  expect(detectors.length).toBeGreaterThan(15);
  expect(taken).toBeGreaterThan(15);
  expect(taken).toBeLessThan(60);
  expect(whole.counts.events).toBe(0);
});
