import type { HostState } from '../../src/monitor/index.ts';
import { guideState } from '../../src/monitor/state/state.fixture.ts';

/** What somebody might call a set, a rule or a program, so that a monitoring system takes it for something else. */
export const hostileTexts: readonly string[] = [
  'a|injected=1;0;0',
  'b\ninjected: CRITICAL | injected=2',
  "it's=3 injected=4",
  'c;injected;d',
  '"$(touch /tmp/injected)"`id`',
  '\u001b]0;injected\u0007\u001b[2J',
  '\u202eDELTCEJNI',
  '<script>alert(1)</script>',
  '\\n\\\\n|x',
  'd\u0000e\r\n[1] SHUTDOWN_PROGRAM\n',
  '',
  'ü€😀\ud800',
  'x'.repeat(3000),
];

/** A guide's host, whose sets, rules, chains, programs, prefixes and incidents are called so. */
export function hostileState(): HostState {
  const state = guideState();
  const text = (index: number): string => hostileTexts[index % hostileTexts.length] ?? '';
  if (state.sets.known)
    state.sets.value = hostileTexts.map((name, index) => ({
      name,
      type: text(index + 1),
      entries: index + 90,
      most: 100,
      bytes: null,
    }));
  if (state.rules.known)
    state.rules.value = state.rules.value.map((rule, index) => ({ ...rule, text: text(index), comment: text(index + 3) }));
  if (state.log.known)
    state.log.value.events = hostileTexts.map((prefix, index) => ({ proto: text(index + 2), prefix, count: index }));
  if (state.exposure.known) state.exposure.value = state.exposure.value.map((one, index) => ({ ...one, process: text(index) }));
  if (state.incidents.known)
    state.incidents.value.list = state.incidents.value.list.map((one, index) => ({ ...one, title: text(index + 1) }));
  if (state.drift.known) state.drift.value = { ...state.drift.value, says: [...hostileTexts], by: text(1) };
  return state;
}
