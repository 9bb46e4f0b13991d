import { expect, test } from 'vitest';
import type { HostState, StateRead } from '../../monitor/index.ts';
import { guideState } from '../../monitor/state/state.fixture.ts';
import { versionOf } from './reporting.ts';

const read = (state: HostState): StateRead => ({ ok: true, state });
const state = guideState();
const { incidents, alerts } = state;
if (!incidents.known || !alerts.known) throw new Error('the example knows them');
const { value } = incidents;

test('who reports is woken by what happens between two readings', () => {
  const before = versionOf(read(state));
  const others: readonly HostState[] = [
    { ...state, at: state.at + 1 },
    { ...state, incidents: { known: true, value: { ...value, open: { ...value.open, high: 0 }, attended: value.attended + 1 } } },
    { ...state, incidents: { known: false, why: 'unread', remedy: '' } },
    { ...state, drift: { known: false, why: 'unread', remedy: '' } },
    { ...state, alerts: { known: true, value: alerts.value.map((one) => ({ ...one, dead: one.dead + 1 })) } },
  ];
  const unread: StateRead = { ok: false, problem: { code: 'unread', message: 'it is stale', hint: '' } };
  const versions = [...others.map((one) => versionOf(read(one))), versionOf(unread)];
  expect(new Set([before, ...versions]).size).toBe(versions.length + 1);
});

test('nobody is woken by what is only counted', () => {
  const counted: HostState = {
    ...state,
    incidents: { known: true, value: { ...value, list: value.list.map((one) => ({ ...one, events: one.events + 7 })) } },
    alerts: { known: true, value: alerts.value.map((one) => ({ ...one, delivered: one.delivered + 1 })) },
  };
  expect(versionOf(read(counted))).toBe(versionOf(read(state)));
});
