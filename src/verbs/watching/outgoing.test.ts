import { expect, test } from 'vitest';
import type { BanJson, IncidentJson } from '../incident-shape.ts';
import { createGate } from './gate.ts';
import { createOutgoing } from './outgoing.ts';
import type { Told } from './told.ts';

const incident = (id: string, events: number): IncidentJson => ({
  kind: 'incident',
  id,
  detector: 'vertical-scan',
  severity: 'high',
  title: id,
  why: '',
  remedy: 'Close the ports.',
  sources: [],
  sourceCount: 0,
  targets: [],
  first: 0,
  last: 0,
  events,
  evidence: [],
  spoofable: false,
  trusted: true,
  state: 'open',
});

const event: Told = {
  kind: 'event',
  event: {
    at: 0,
    prefix: '',
    in: null,
    out: null,
    src: '203.0.113.9',
    dst: '198.51.100.1',
    proto: 'tcp',
    sport: 1,
    dport: 2,
    icmpType: null,
    icmpCode: null,
    flags: [],
    length: 60,
    ttl: 64,
    mark: 0,
  },
};

/** A reader who takes so many lines, and then none until he is ready again. */
function reader(takes: number) {
  const lines: Told[] = [];
  let left = takes;
  let drained = (): void => undefined;
  return {
    lines,
    ready(more: number) {
      left = more;
      drained();
    },
    output: {
      writableNeedDrain: false,
      write(line: string) {
        lines.push(JSON.parse(line) as Told);
        left -= 1;
        return left > 0;
      },
      once(_: 'drain', listener: () => void) {
        drained = listener;
      },
    },
  };
}

test('a slow reader misses events and their number is known; of all else he hears what stands, in bounded room', () => {
  const { lines, ready, output } = reader(1);
  const { tell } = createOutgoing(output as never);
  expect(tell(event)).toBe(true);
  expect(tell(event)).toBe(false);
  for (let events = 1; events <= 1000; events += 1) {
    tell({ kind: 'incident', change: events === 1 ? 'opened' : 'grew', incident: incident('a', events) });
    tell({ kind: 'lost', at: events, source: 'kmsg', count: 2, of: 'records' });
    tell({ kind: 'more', at: events, count: 3 });
  }
  const ban = { source: '203.0.113.9/32' } as BanJson;
  tell({ kind: 'ban', ban, acted: true });
  expect(lines).toEqual([event]);
  ready(100);
  expect(lines.slice(1)).toMatchObject([
    { kind: 'incident', change: 'opened', incident: { events: 1000 } },
    { kind: 'lost', count: 2000 },
    { kind: 'more', count: 3000 },
    { kind: 'ban', ban },
  ]);
  expect(tell(event)).toBe(true);
});

test('a reader who takes one line at a time hears everything in the end', () => {
  const { lines, ready, output } = reader(1);
  const { tell } = createOutgoing(output as never);
  for (const id of ['a', 'b', 'c', 'd']) tell({ kind: 'incident', change: 'opened', incident: incident(id, 1) });
  for (let turn = 0; turn < 3; turn += 1) ready(1);
  expect(lines.map((told) => told.kind === 'incident' && told.incident.id)).toEqual(['a', 'b', 'c', 'd']);
});

test('of a second’s events fifty pass, and the rest are counted once it is over', () => {
  const gate = createGate();
  expect([gate.opens(30, 1000), gate.opens(30, 1500), gate.opens(5, 1999)]).toEqual([30, 20, 0]);
  expect([gate.passedOver(1999), gate.passedOver(2000), gate.passedOver(2001)]).toEqual([0, 15, 0]);
  expect(gate.opens(60, 2001)).toBe(50);
  gate.turnedBack(7);
  expect(gate.passedOver(3000)).toBe(17);
});
