import { describe, expect, test } from 'vitest';
import { isWeeklyDue, type Week, type WeeklyTime, weeklyBefore, weeklyDigest } from './weekly.ts';

const hour = 3_600_000;
const day = 24 * hour;
// A Monday.
const monday = Date.UTC(2026, 10, 2, 8);
const time: WeeklyTime = { day: 'monday', at: '08:00', zone: 'UTC' };

const week = (more: Partial<Week> = {}): Week => ({
  ...{ since: monday - 7 * day, until: monday, score: { now: 80, before: 75 }, bans: 4, open: 1, unknown: null },
  findings: { opened: ['a', 'b', 'c', 'd', 'e'], closed: ['x'], open: 2 },
  incidents: { critical: 0, high: 2, medium: 3, low: 0, info: 0 },
  sources: [{ what: '203.0.113.9', events: 412 }],
  backup: { last: monday - day, failing: null },
  drift: { times: 1, now: false },
  ...more,
});

describe('the digest', () => {
  test('says how it stands, what came and went, and is over with itself', () => {
    const message = weeklyDigest(week(), 'fw1', 'id');
    expect(message).toMatchObject({
      kind: 'digest',
      severity: 'info',
      state: 'resolved',
      title: 'The week: score 80 (75 a week ago), 5 new findings, 2 grave incidents',
    });
    const [alert] = message.alerts;
    expect(alert?.evidence).toEqual([
      'Score: 80 (75 a week ago)',
      'Grave findings: 2 now; 5 came, 1 went',
      ...['  came: a', '  came: b', '  came: c', '  came: 2 more', '  went: x'],
      'Incidents: 2 high, 3 medium; 1 open that nobody attends to',
      'Bans: 4',
      'Most was logged of: 203.0.113.9 (412)',
      'Snapshots: the newest is of 2026-11-01',
      'Changes beside palisade: 1; the firewall is as it was accepted',
    ]);
  });

  test('of what is not known says just that', () => {
    const unknown = weeklyDigest(
      week({
        unknown: 'palisade up has ended',
        score: { now: null, before: 75 },
        backup: null,
        drift: { times: 0, now: null },
        open: null,
        findings: { opened: [], closed: [], open: null },
      }),
      ...(['fw1', 'id'] as const),
    );
    expect(unknown.title).toBe('The week: how the host stands is not known');
    expect(unknown.alerts[0]?.evidence).toEqual(
      expect.arrayContaining([
        'How the host stands now is not known: palisade up has ended',
        'Score: not known',
        'Snapshots: not known',
      ]),
    );
  });
});

describe('its time', () => {
  test.each<[string, WeeklyTime, number, number]>([
    ['at the minute', time, monday, monday],
    ['later that day', time, monday + 5 * hour, monday],
    ['a minute before', time, monday - 60_000, monday - 7 * day],
    ['of another place', { ...time, zone: 'America/New_York' }, monday + day, Date.UTC(2026, 10, 2, 13)],
    ['in the night of Sunday', { day: 'sunday', at: '23:59', zone: 'Asia/Kolkata' }, monday, Date.UTC(2026, 10, 1, 18, 29)],
  ])('%s', (_, when, now, expected) => {
    expect(weeklyBefore(when, now)).toBe(expected);
  });

  test('comes once a week, through changes of clocks and after an outage', () => {
    const berlin: WeeklyTime = { ...time, zone: 'Europe/Berlin' };
    const begun = Date.UTC(2026, 8, 30);
    let last = begun;
    const done: number[] = [];
    for (let now = begun; now < begun + 70 * day; now += hour / 2) {
      // Nobody is there for nine days.
      if (now > begun + 31 * day && now < begun + 40 * day) continue;
      if (!isWeeklyDue(berlin, last, now)) continue;
      done.push(now);
      last = now;
    }
    expect(done.map((at) => new Date(at).toISOString().slice(0, 13))).toEqual([
      '2026-10-05T06',
      '2026-10-12T06',
      '2026-10-19T06',
      '2026-10-26T07',
      '2026-11-09T00',
      '2026-11-16T07',
      '2026-11-23T07',
      '2026-11-30T07',
      '2026-12-07T07',
    ]);
  });
});
