import { expect, test } from 'vitest';
import { hostState } from './host-state.ts';
import { guideState, healthyState, unknownState } from './state.fixture.ts';

test.each([
  ['of a healthy host', healthyState],
  ['of one behind a guide’s firewall', guideState],
  ['of which nothing is known', unknownState],
])('the example %s is of the documented shape', (_, state) => {
  expect(hostState.parse(state())).toEqual(state());
});
