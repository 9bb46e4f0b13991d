import { describe, expect, it } from 'vitest';
import { type Every, isDue, nextBegin, offsetOf, usualJitterMs } from './due.ts';

const at = (text: string): number => Date.parse(text);
const minutes = 60_000;
const ran = (succeeded: string | null, begun = succeeded) => ({
  succeeded: succeeded === null ? null : at(succeeded),
  begun: begun === null ? null : at(begun),
});

describe('a snapshot is due', () => {
  it.each<[what: string, every: Every, last: string | null, offsetMinutes: number, now: string, due: boolean]>([
    ['where there was none', 'daily', null, 30, '2026-11-30T00:00:00Z', true],
    ['not twice a day', 'daily', '2026-11-30T00:31:00Z', 30, '2026-12-01T00:29:59Z', false],
    [
      'on the next day, as long after midnight as this machine waits',
      'daily',
      '2026-11-30T00:31:00Z',
      30,
      '2026-12-01T00:30:00Z',
      true,
    ],
    ['in the next hour', 'hourly', '2026-11-30T10:05:00Z', 5, '2026-11-30T11:05:00Z', true],
    ['not in the same', 'hourly', '2026-11-30T10:05:00Z', 5, '2026-11-30T11:04:59Z', false],
    ['on Monday', 'weekly', '2026-11-29T23:00:00Z', 0, '2026-11-30T00:00:00Z', true],
    ['not on Sunday', 'weekly', '2026-11-23T00:00:00Z', 0, '2026-11-29T23:59:59Z', false],
    ['once, after weeks without power', 'daily', '2026-10-01T03:00:00Z', 0, '2026-11-30T12:00:00Z', true],
    ['where the last is of a day to come: the clock was wrong', 'daily', '2031-01-01T00:00:00Z', 0, '2026-11-30T12:00:00Z', true],
    ['not where the clock was set back by a little', 'daily', '2026-11-30T12:00:05Z', 0, '2026-11-30T12:00:00Z', false],
    // Local clocks in Europe go from 03:00 to 02:00 at 01:00 UTC on that day, and from 02:00 to 03:00 on this.
    ['in the hour that comes twice, once more', 'hourly', '2026-10-25T00:30:00Z', 0, '2026-10-25T01:10:00Z', true],
    ['after the hour that is missing', 'hourly', '2026-03-29T00:30:00Z', 0, '2026-03-29T01:00:00Z', true],
    ['not twice on the longest day', 'daily', '2026-10-25T00:00:00Z', 0, '2026-10-25T23:59:59Z', false],
  ])('%s', (_, every, last, offset, now, due) => {
    expect(isDue(ran(last), every, offset * minutes, at(now))).toBe(due);
  });

  it('again after an hour, where one failed or never ended', () => {
    const failed = ran('2026-11-29T00:00:00Z', '2026-11-30T00:10:00Z');
    expect(isDue(failed, 'daily', 0, at('2026-11-30T01:09:59Z'))).toBe(false);
    expect(isDue(failed, 'daily', 0, at('2026-11-30T01:10:00Z'))).toBe(true);
    expect(isDue(ran(null, '2026-11-30T00:10:00Z'), 'daily', 0, at('2026-11-30T00:20:00Z'))).toBe(false);
    // It began at a time that is still to come: the clock was wrong.
    expect(isDue(ran(null, '2030-11-30T00:10:00Z'), 'daily', 0, at('2026-11-30T00:20:00Z'))).toBe(true);
  });

  it('once in each period, when it is asked every ten minutes for a year, whatever the machine', () => {
    for (const [every, most] of [
      ['daily', 365],
      ['weekly', 53],
    ] as const) {
      const offset = offsetOf('a machine', usualJitterMs(every));
      let [succeeded, count] = [null as number | null, 0];
      for (let now = at('2026-01-01T00:03:00Z'); now < at('2027-01-01T00:03:00Z'); now += 10 * minutes)
        if (isDue({ begun: succeeded, succeeded }, every, offset, now)) {
          if (succeeded !== null) expect(now - nextBegin(every, offset, succeeded)).toBeLessThan(10 * minutes);
          [succeeded, count] = [now, count + 1];
        }
      expect([most, most + 1]).toContain(count);
    }
  });
});

it('machines begin at times of their own, spread over what they are given', () => {
  const offsets = Array.from({ length: 1000 }, (_, index) => offsetOf(`machine ${index}`, 1000));
  expect(Math.min(...offsets)).toBeLessThan(20);
  expect(Math.max(...offsets)).toBeGreaterThan(980);
  expect(Math.max(...offsets)).toBeLessThan(1000);
  expect(offsetOf('one', 1000)).toBe(offsetOf('one', 1000));
  expect(offsetOf('one', 0)).toBe(0);
});
