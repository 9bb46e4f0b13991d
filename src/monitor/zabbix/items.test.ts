import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HostState } from '../state/index.ts';
import { guideState, healthyState, unknownState } from '../state/state.fixture.ts';
import { discoveries } from './discoveries.ts';
import { eventLine } from './event.ts';
import { items, itemsOf } from './items.ts';
import { plainId, plainText, shortened } from './text.ts';

const told = (state: HostState): Record<string, unknown> => JSON.parse(itemsOf({ ok: true, state })) as Record<string, unknown>;

describe('the master item', () => {
  test('has each number of the state', () => {
    expect(told(guideState())).toMatchObject({
      ...{ readable: 1, problem: 'none', protected: 0, score: 0, confidence: 88, 'findings.critical': 1, 'findings.high': 3 },
      ...{ drift: 1, 'drift.changes': 4, 'persistence.differs': 2, 'conntrack.used': 97.66, 'log.lost': 320, 'backup.at': 0 },
      ...{ 'exposure.everyone': 3, 'exposure.unknown': 1, 'alerts.dead': 2, 'incidents.high': 1, unknown: 0, sets: 1 },
    });
    expect(told(guideState())['set']).toEqual({ blocked: { entries: 1020, used: 99.61 } });
  });

  test('is without what is not known, and says so', () => {
    const of = told(unknownState());
    expect(of).toMatchObject({
      readable: 1,
      unknown: 16,
      'unknown.text': expect.stringContaining('permission denied; run palisade up as root'),
    });
    for (const field of [
      'score',
      'findings.critical',
      'drift',
      'conntrack.used',
      'incidents.high',
      'sets',
      'chain',
      'chains.discovery',
    ])
      expect(of).not.toHaveProperty([field]);
  });

  test('says why there is no state, and no number', () => {
    const problem = { code: 'unread', message: 'nobody publishes\nthe state', hint: 'start palisade up' } as const;
    expect(JSON.parse(itemsOf({ ok: false, problem }))).toEqual({
      ...{ form: 1, readable: 0, problem: 'nobody publishes the state; start palisade up' },
    });
  });

  test('is bounded, and says what it leaves out', () => {
    const sets = Array.from({ length: 1200 }, (_, index) => ({
      name: `s${index}`,
      type: 'hash:ip',
      entries: 1,
      most: 2,
      bytes: 1,
    }));
    const of = told({ ...healthyState(), sets: { known: true, value: sets } });
    expect(of['sets.discovery']).toHaveLength(500);
    expect(of['sets.untold']).toBe(700);
    expect(of['sets']).toBe(1200);
  });

  test('leaves no name of an item for two things', () => {
    const fields = [...items, ...discoveries.flatMap(({ items: all }) => all)].map(({ field }) => field);
    expect(new Set(fields).size).toBe(fields.length);
    for (const { noun } of discoveries)
      for (const name of [noun, `${noun}s.discovery`, `${noun}s.untold`]) expect(fields).not.toContain(name);
  });
});

/** Text as attackers and unlucky administrators choose it. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '{$SECRET}',
    '{{$A}}',
    '{#ID}',
    '{?last(/a/b)}',
    '{HOST.CONN}',
    '__proto__',
    'constructor',
    `'"]},`,
    '\ud800',
    '\u202e',
    '\0\n',
  ),
);

describe('hostile text', () => {
  test('leaves one line of JSON, plain ids, and no macro of Zabbix', () => {
    fc.assert(
      fc.property(hostile, hostile, (name, text) => {
        const state = guideState();
        const line = itemsOf({
          ok: true,
          state: {
            ...state,
            ...{ host: name, sets: { known: true, value: [{ name, type: text, entries: 1, most: 2, bytes: 1 }] } },
            chains: {
              known: true,
              value: [{ family: 4, table: text, chain: name, policy: 'DROP', rules: 1, packets: 1, bytes: 1 }],
            },
            ...{ alerts: { known: false, why: name, remedy: text } },
          },
        });
        expect([...line].every((letter) => letter >= ' ')).toBe(true);
        expect(line).not.toMatch(/\{[$#?][^"]|\{[A-Z]+\./);
        const of = JSON.parse(line) as Record<string, Record<string, unknown>>;
        for (const noun of ['set', 'chain']) {
          const [id = ''] = Object.keys(of[noun] ?? {});
          expect(id).toMatch(/^[\w.~/-]+$/);
          expect((of[`${noun}s.discovery`] as unknown as { ID: string }[])[0]?.ID).toBe(id);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('says no other state than the event has', () => {
    fc.assert(
      fc.property(hostile, hostile, (incident, title) => {
        const line = eventLine({
          ...{ incident, state: 'firing', severity: 'high', detector: title, title, why: title, remedy: title },
          ...{ sources: [title], events: 1 },
        });
        expect(line).toMatch(/^\{"incident":"[\w.:-]*","state":"firing","severity":"high",/);
        expect(line.match(/"state":"/g)).toHaveLength(1);
        expect(line).not.toContain('\n');
      }),
      { numRuns: 300 },
    );
  });

  test('is shortened by code points', () => {
    expect(shortened('😀😀😀', 3)).toBe('😀😀😀');
    expect(shortened('😀😀😀😀', 3)).toBe('😀😀…');
    expect(plainText('a\r\nb\u0000c', 10)).toBe('a b c');
    expect(plainId('admins')).toBe('admins');
    expect(plainId(`x'y`)).toMatch(/^~[0-9a-f]{12}$/);
  });
});
