import { expect, test } from 'vitest';
import { dropped, servedFixture } from './served.fixture.ts';
import { newsStream } from './stream.ts';

const clock = { now: () => 5000 };
const told = { ...dropped, at: 1_795_438_800, src: '203.0.113.9', dst: '198.51.100.10', proto: 'tcp', flags: ['SYN'] };

function open(options: { capacity?: number; heartbeatMs?: number; events?: readonly (typeof dropped)[] } = {}) {
  const { events = [], ...rest } = options;
  const fixture = servedFixture({ events: () => events });
  const stop = new AbortController();
  let ends = 0;
  const onEnd = () => {
    ends += 1;
  };
  const reader = newsStream(fixture.served, { clock, signal: stop.signal, onEnd, ...rest }).getReader();
  const text = async (): Promise<string | null> => {
    const { done, value } = await reader.read();
    return done ? null : new TextDecoder().decode(value);
  };
  const messages = async (): Promise<unknown[]> =>
    ((await text()) ?? '')
      .split('\n\n')
      .filter((event) => event.startsWith('data: '))
      .map((event) => JSON.parse(event.slice(6)));
  return { ...fixture, stop, reader, text, messages, ends: () => ends };
}

test('it opens with how things stand, then tells news as they come', async () => {
  const { tell, messages } = open({ events: [dropped] });
  expect(await messages()).toEqual([{ kind: 'hello', at: 5, events: [told], incidents: [], bans: [] }]);
  const next = messages();
  tell({ kind: 'event', event: dropped });
  expect(await next).toEqual([{ kind: 'event', event: told }]);
  tell({ kind: 'lost', at: 6000, count: 3 });
  tell({ kind: 'audited', at: 7000, changed: true });
  expect(await messages()).toEqual([
    { kind: 'lost', at: 6, count: 3 },
    { kind: 'audited', at: 7, changed: true },
  ]);
});

test('news between opening and the first reading are not lost', async () => {
  const { tell, messages } = open();
  tell({ kind: 'event', event: dropped });
  expect(await messages()).toEqual([
    { kind: 'hello', at: 5, events: [], incidents: [], bans: [] },
    { kind: 'event', event: told },
  ]);
});

test('a slow reader costs bounded memory and is told how much it missed', async () => {
  const { tell, messages } = open({ capacity: 100 });
  await messages();
  for (let count = 0; count < 100_000; count += 1) tell({ kind: 'event', event: { ...dropped, ttl: count % 256 } });
  const got = await messages();
  expect(got).toHaveLength(101);
  expect(got[0]).toEqual({ kind: 'skipped', count: 99_900 });
  expect(got.at(-1)).toMatchObject({ kind: 'event', event: { ttl: 99_999 % 256 } });
  tell({ kind: 'event', event: dropped });
  expect(await messages()).toHaveLength(1);
});

test('the greeting is never what gives way', async () => {
  const { tell, messages } = open({ capacity: 2 });
  for (let count = 0; count < 5; count += 1) tell({ kind: 'event', event: dropped });
  const got = (await messages()) as { kind: string }[];
  expect(got.map(({ kind }) => kind)).toEqual(['hello', 'skipped', 'event', 'event']);
});

test('silence is broken by a comment', async () => {
  const { text } = open({ heartbeatMs: 20 });
  await text();
  expect(await text()).toBe(': still here\n\n');
});

test('the signal ends it, and nobody listens any more', async () => {
  const { stop, text, listening, ends } = open();
  await text();
  const last = text();
  expect(listening()).toBe(1);
  stop.abort();
  expect(await last).toBeNull();
  expect([listening(), ends()]).toEqual([0, 1]);
});

test('a reader that goes away ends it too', async () => {
  const { reader, text, listening, ends, stop } = open();
  await text();
  await reader.cancel();
  expect([listening(), ends()]).toEqual([0, 1]);
  stop.abort();
  expect(ends()).toBe(1);
});

test('one that was stopped before it began says nothing and ends', async () => {
  const fixture = servedFixture();
  let ends = 0;
  const stream = newsStream(fixture.served, {
    clock,
    signal: AbortSignal.abort(),
    onEnd: () => {
      ends += 1;
    },
  });
  expect(await stream.getReader().read()).toEqual({ done: true, value: undefined });
  expect([fixture.listening(), ends]).toEqual([0, 1]);
});
