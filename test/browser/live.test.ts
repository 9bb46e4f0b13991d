import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterMessages, type Dropped, noneDropped, topSources } from '../../web/src/dropped.ts';
import { type StreamMessage, sseParser } from '../../web/src/events.ts';
import { logged } from './fixture.ts';

/** The nth packet: its port says which it is. */
const packet = (dport: number) => logged({ dport, at: 1_795_438_800 + dport / 1000 });
const event = (dport: number): StreamMessage => ({ kind: 'event', event: packet(dport) });
const ports = (dropped: Dropped) => dropped.packets.map((row) => row.packet.dport);

test('a stream means the same however it is cut', () => {
  const text = 'data: {"kind":"hello"}\n\n: still here\n\ndata: one\ndata: two\n\ndata:bare\n\nid: 7\n\ndata: ünicode → \n\n';
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: text.length })), (cuts) => {
      const heard: string[] = [];
      const parse = sseParser((data) => heard.push(data));
      const edges = [0, ...cuts.sort((a, b) => a - b), text.length];
      for (const [index, end] of edges.slice(1).entries()) parse(text.slice(edges[index], end));
      expect(heard).toEqual(['{"kind":"hello"}', 'one\ntwo', 'bare', 'ünicode → ']);
    }),
  );
});

test('an event that is cut off in the middle is not told', () => {
  const heard: string[] = [];
  sseParser((data) => heard.push(data))('data: {"kind":"ev');
  expect(heard).toEqual([]);
});

test('newest first, loss added up, rows bounded', () => {
  const hello: StreamMessage = { kind: 'hello', at: 0, events: [packet(2), packet(1)], incidents: [], bans: [] };
  const first = afterMessages(noneDropped, [
    hello,
    event(3),
    { kind: 'lost', at: 0, count: 5 },
    event(4),
    { kind: 'skipped', count: 2 },
    { kind: 'more', at: 0, count: 100 },
  ]);
  expect([ports(first), first.seen, first.lost]).toEqual([[4, 3, 2, 1], 104, 7]);
  const flooded = afterMessages(
    first,
    Array.from({ length: 1000 }, (_, index) => event(index)),
  );
  expect([flooded.packets.length, flooded.seen, ports(flooded).slice(0, 2)]).toEqual([300, 1104, [999, 998]]);
});

test('after a broken connection the list is what the server knows, and no two rows have one id', () => {
  const hello = (...events: number[]): StreamMessage => ({
    kind: 'hello',
    at: 0,
    events: events.map(packet),
    incidents: [],
    bans: [],
  });
  const before = afterMessages(noneDropped, [hello(2, 1), event(3)]);
  const after = afterMessages(before, [hello(5, 4, 3, 2, 1), event(6)]);
  expect(ports(after)).toEqual([6, 5, 4, 3, 2, 1]);
  expect([before.seen, after.seen]).toEqual([3, 6]);
  const ids = after.packets.map(({ id }) => id);
  expect(new Set(ids).size).toBe(6);
  expect(ids.toSorted((a, b) => b - a)).toEqual(ids);
});

test('the sources with the most rows', () => {
  const rows = afterMessages(
    noneDropped,
    [1, 2, 1, 3, 1, 2].map((last) => ({ kind: 'event', event: { ...packet(1), src: `203.0.113.${last}` } })),
  );
  expect(topSources(rows.packets, 2)).toEqual([
    { source: '203.0.113.1', count: 3 },
    { source: '203.0.113.2', count: 2 },
  ]);
});
