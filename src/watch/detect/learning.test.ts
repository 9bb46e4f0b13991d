import { expect, test } from 'vitest';
import type { Incident } from '../incidents/index.ts';
import { createDetection, type Detection } from './detection.ts';
import { batchOf, series, start, takeAll } from './made.fixture.ts';
import { unknownSurroundings } from './surroundings.ts';

const scan = series(60, 100, (each) => ({ dport: 1000 + each }));

function detection(resume: readonly Incident[] = []): Detection {
  return createDetection({ seed: 7, surroundings: unknownSurroundings, capacity: 1024, resume });
}

function incidentsOf(all: ReturnType<Detection['take']>): Incident[] {
  return all.flatMap((one) => (one.kind === 'incident' ? [one.incident] : []));
}

test('what was seen before a restart says nothing again, and what was open goes on to count', () => {
  const before = detection();
  const open = incidentsOf([...takeAll(before, scan.slice(0, 40)), ...before.tick(start + 6000)]).at(-1);
  expect(open).toMatchObject({ detector: 'vertical-scan', events: 40, state: 'open' });
  const after = detection(open === undefined ? [] : [open]);
  after.learn(batchOf(scan.slice(0, 40)));
  expect(after.tick(start + 4000)).toEqual([]);
  // Ports that were asked for already, too: nothing of them is new to the detector.
  takeAll(after, [...scan.slice(40), ...series(10, 10, (each) => ({ at: 7000, dport: 1000 + each }))]);
  const last = incidentsOf(after.tick(start + 120_000)).at(-1);
  expect(last).toMatchObject({ id: open?.id, events: 70 });
});

test('a source that was almost too much before a restart is so with the next packet behind it', () => {
  const half = scan.slice(0, 14);
  const cold = detection();
  expect(incidentsOf(takeAll(cold, scan.slice(14, 17)))).toEqual([]);
  const warm = detection();
  warm.learn(batchOf(half));
  expect(incidentsOf(takeAll(warm, scan.slice(14, 17)))).toMatchObject([{ detector: 'vertical-scan' }]);
});
