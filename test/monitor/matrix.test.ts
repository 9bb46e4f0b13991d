import { expect, test } from 'vitest';
import { guideState, healthyState, readAt, unknownState } from '../../src/monitor/state/state.fixture.ts';
import { said } from './matrix.ts';

test.each([
  ['a healthy host', healthyState()],
  ['one behind a guide’s firewall', guideState()],
  ['one of which nothing is known', unknownState()],
])('every mouth says the same numbers of %s', (_, state) => {
  const rows = said(state, readAt);
  expect(rows.length).toBeGreaterThan(25);
  const differing = rows.filter(({ says }) => new Set(Object.values(says)).size !== 1);
  expect(differing).toEqual([]);
  // A mouth whose place is misspelt here would always say nothing.
  const known = rows.filter(({ says }) => says['state'] !== null);
  if (state.audit.known)
    expect(new Set(known.flatMap(({ says }) => Object.keys(says)))).toEqual(
      new Set(['state', 'check', 'text', 'openmetrics', 'item']),
    );
});

test('a number that one mouth alone says otherwise is seen', () => {
  const state = guideState();
  const rows = said({ ...state, bans: { known: true, value: { action: 'on', active: 7 } } }, readAt);
  expect(rows.find(({ what }) => what === 'bans')?.says).toEqual({ state: 7, text: 7, openmetrics: 7, item: 7 });
});
