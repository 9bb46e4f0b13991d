import { expect, test } from 'vitest';
import { quietUntil } from './quiet.ts';

const at = (text: string): number => Date.parse(text);
const until = (from: number, to: number, zone: string, now: string): string | null => {
  const end = quietUntil({ from: 60 * from, to: 60 * to, zone, through: null }, at(now));
  return end === null ? null : new Date(end).toISOString();
};

test.each([
  [22, 7, 'UTC', '2026-01-05T21:59:59Z', null],
  [22, 7, 'UTC', '2026-01-05T22:00:00Z', '2026-01-06T07:00:00.000Z'],
  [22, 7, 'UTC', '2026-01-06T06:59:59Z', '2026-01-06T07:00:00.000Z'],
  [22, 7, 'UTC', '2026-01-06T07:00:00Z', null],
  [12, 13, 'Asia/Kolkata', '2026-01-05T06:45:30Z', '2026-01-05T07:30:00.000Z'],
  [22, 7, 'Europe/Berlin', '2026-01-05T23:30:00Z', '2026-01-06T06:00:00.000Z'],
  // The clocks go forward, and back, within the night.
  [22, 7, 'Europe/Berlin', '2026-03-28T23:30:00Z', '2026-03-29T05:00:00.000Z'],
  [22, 7, 'Europe/Berlin', '2026-10-24T23:30:00Z', '2026-10-25T06:00:00.000Z'],
  // They end at an hour that this night does not have.
  [22, 2, 'Europe/Berlin', '2026-03-28T23:30:00Z', '2026-03-29T01:00:00.000Z'],
  [8, 8, 'UTC', '2026-01-05T08:00:00Z', null],
])('%i to %i in %s, at %s', (from, to, zone, now, end) => {
  expect(until(from, to, zone, now)).toBe(end);
});
