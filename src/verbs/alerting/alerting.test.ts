import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Delivery, type Message, Routing, routesOf, type Sender, type Tracked } from '../../alert/index.ts';
import { routeSettings } from '../../alert/routes/settings.ts';
import { parsePrefix } from '../../model/net/index.ts';
import { acknowledge, openIncidentFeed, openOutbox, openStore } from '../../store/index.ts';
import type { Incident } from '../../watch/index.ts';
import { createDesk } from './desk.ts';
import { createPost, type Post, type Timing } from './post.ts';

const start = Date.UTC(2026, 0, 5, 12);
const [second, minute, hour] = [1000, 60_000, 3_600_000];

/** Where writing takes no time: each commit is flushed. */
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Time that only passes when everybody waits for it. */
class Clockwork implements Timing {
  /** Of the loop, until everybody sleeps. */
  turns = 8;
  private at = start;
  private readonly sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();

  now(): number {
    return this.at;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = {
        until: this.at + ms,
        wake: () => {
          this.sleepers.delete(sleeper);
          resolve();
        },
      };
      this.sleepers.add(sleeper);
      signal.addEventListener('abort', sleeper.wake, { once: true });
    });
  }

  async pass(ms: number): Promise<void> {
    const end = this.at + ms;
    for (;;) {
      // Whatever was awake goes to sleep.
      for (let turn = 0; turn < this.turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      const next = [...this.sleepers].sort((one, other) => one.until - other.until)[0];
      if (next === undefined || next.until > end) break;
      this.at = Math.max(this.at, next.until);
      next.wake();
    }
    this.at = end;
  }
}

/** Takes what comes, counted by its id, unless it has other things to do. */
class Receiver {
  /** By id, how often it was taken. */
  readonly taken = new Map<string, number>();
  readonly messages: Message[] = [];
  attempts = 0;
  answer: (message: Message) => Delivery | Promise<Delivery> = () => ({ kind: 'delivered' });

  sender(): Sender {
    return {
      send: async (message) => {
        this.attempts += 1;
        const answer = await this.answer(message);
        if (answer.kind === 'delivered') {
          this.taken.set(message.id, (this.taken.get(message.id) ?? 0) + 1);
          this.messages.push(message);
        }
        return answer;
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  get lines(): string[] {
    return this.messages.map(({ kind, alerts }) => `${kind} ${alerts.map(({ key, state }) => `${state} ${key}`).join(', ')}`);
  }
}

/** The same each time. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function incident(id: string, over: Partial<Incident> = {}): Incident {
  return {
    ...{ id, detector: 'vertical-scan', severity: 'high', title: `${id} scanned`, why: '30 ports', remedy: 'Close them.' },
    ...{ sources: [parsePrefix('203.0.113.9')].flatMap((one) => one ?? []), sourceCount: 1, targets: ['198.51.100.1'] },
    ...{ first: start, last: start, events: 30, evidence: ['FW-DROP …'], spoofable: true, trusted: true, state: 'open' },
    ...over,
  };
}

type RouteInput = Parameters<typeof routeSettings.parse>[0];

/** A state folder with somebody who writes incidents, and a sender that can be ended at any moment and started again. */
class House {
  readonly folder = mkdtempSync(join(memory, 'palisade-alerting-'));
  readonly clock = new Clockwork();
  readonly receivers = { mail: new Receiver(), pager: new Receiver() };
  readonly said: string[] = [];
  readonly store;
  private readonly random = randomOf(7);
  private readonly routes: readonly RouteInput[];
  private readonly giveUpMs: number;
  private readonly lookMs: number;
  private stop: (() => Promise<void>) | null = null;

  constructor(
    routes: readonly RouteInput[] = [{ to: ['mail'], 'group-by': 'incident' }],
    giveUpMs = 72 * hour,
    lookMs = second,
    isBegun = true,
  ) {
    this.lookMs = lookMs;
    this.routes = routes;
    this.giveUpMs = giveUpMs;
    const opened = openStore(this.folder, { clock: this.clock, writer: 'a test' });
    if (!opened.ok) throw new Error(opened.problems[0]?.message);
    this.store = opened.value;
    onTestFinished(async () => {
      await this.end();
      this.store[Symbol.dispose]();
      rmSync(this.folder, { recursive: true });
    });
    if (isBegun) this.begin();
  }

  put(...incidents: readonly Incident[]): void {
    for (const one of incidents) this.store.incident(one);
    this.store.commit();
  }

  begin(): void {
    const opened = openOutbox(this.folder, 'a test', this.clock.now());
    if (!opened.ok) throw new Error(opened.problems[0]?.message);
    const outbox = opened.value;
    const feed = openIncidentFeed(this.folder);
    const { clock: timing, random, receivers, lookMs } = this;
    const commit = (): void => {
      const problem = outbox.commit(timing.now());
      if (problem !== null) this.said.push(problem.message);
    };
    const channels = new Map(Object.entries(receivers).map(([name, receiver]) => [name, receiver.sender()]));
    outbox.channels(new Map([...channels.keys()].map((name) => [name, 'test'])));
    const post: Post = createPost({
      ...{ outbox, channels, timing, random, commit, giveUpMs: this.giveUpMs },
      say: (text) => void this.said.push(text),
    });
    const { tracked, kept } = outbox.remembered;
    const desk = createDesk({
      ...{ feed, outbox, post, timing, random, commit, host: 'web1', announced: () => null },
      routing: new Routing(
        routesOf(
          this.routes.map((route) => routeSettings.parse(route)),
          [...channels.keys()],
        ),
        new Map([...channels.keys()].map((name) => [name, { renewMs: null }])),
        { tracked: tracked.map((text) => JSON.parse(text) as Tracked), rest: JSON.parse(kept.get('routing') ?? 'null') },
      ),
    });
    const stop = new AbortController();
    const running = Promise.all([post.run(stop.signal), looking()]);
    async function looking(): Promise<void> {
      for (; !stop.signal.aborted; await timing.sleep(lookMs, stop.signal)) await desk.look();
    }
    this.stop = async () => {
      stop.abort();
      await running;
      feed[Symbol.dispose]();
      outbox[Symbol.dispose]();
    };
  }

  async end(): Promise<void> {
    await this.stop?.();
    this.stop = null;
  }
}

test('incidents become messages that say what, where, since when, why and what to do', async () => {
  const house = new House();
  house.put(incident('a'));
  await house.clock.pass(minute);
  expect(acknowledge(house.folder, 'a', 'kim', house.clock.now())).toMatchObject({ ok: true });
  await house.clock.pass(10 * minute);
  house.put(incident('a', { state: 'closed' }));
  await house.clock.pass(10 * minute);
  const { mail } = house.receivers;
  expect(mail.lines).toEqual(['transition firing a', 'transition acknowledged a', 'transition resolved a']);
  expect(mail.messages[0]).toMatchObject({
    ...{ host: 'web1', severity: 'high', state: 'firing', thread: 'a', sequence: 0, title: 'a scanned', more: 0 },
    alerts: [
      {
        ...{
          key: 'a',
          detector: 'vertical-scan',
          why: '30 ports',
          remedy: 'Close them.',
          sources: ['203.0.113.9'],
          since: start,
        },
        ...{ targets: ['198.51.100.1'], evidence: ['FW-DROP …'], resolvedAt: null, acknowledgedBy: null },
      },
    ],
  });
  expect(mail.messages[0]?.id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  expect(mail.messages[1]?.alerts[0]).toMatchObject({ acknowledgedBy: 'kim' });
  expect(mail.messages.map(({ sequence }) => sequence)).toEqual([0, 1, 2]);
  expect(mail.messages[2]?.alerts[0]?.resolvedAt).toBeGreaterThan(start + 10 * minute);
});

test('what was open before anybody sent is told, and what was over is not', async () => {
  const house = new House([{ to: ['mail'] }], hour, second, false);
  house.put(incident('old', { state: 'closed' }), incident('open'));
  house.begin();
  await house.clock.pass(minute);
  expect(house.receivers.mail.lines).toEqual(['transition firing open']);
});

describe('a receiver that is down for ten minutes', () => {
  test.each<[string, () => Delivery | Promise<Delivery>]>([
    ['refuses connections', () => ({ kind: 'again', why: 'nobody listens there' })],
    ['answers 500', () => ({ kind: 'again', why: 'it answers 500' })],
    ['answers 429 and asks for a rest', () => ({ kind: 'again', why: 'it answers 429', afterMs: 90 * second })],
    [
      'breaks the channel',
      () => {
        throw new Error('a fault');
      },
    ],
    ['does not answer', () => new Promise(() => undefined)],
  ])('and %s: nothing is lost, nothing comes twice, and ends stay behind beginnings', async (_, failing) => {
    const house = new House([{ to: ['mail'], 'group-by': 'incident' }], 72 * hour, 5 * second);
    const { mail } = house.receivers;
    mail.answer = failing;
    const names = Array.from({ length: 20 }, (__, index) => `i${index}`);
    for (const [index, name] of names.entries()) {
      house.put(incident(name, { first: house.clock.now() }));
      if (index >= 10) house.put(incident(names[index - 10] as string, { state: 'closed' }));
      await house.clock.pass(30 * second);
    }
    expect(mail.messages).toEqual([]);
    // It is asked now and then, not all the time.
    expect(mail.attempts).toBeGreaterThan(3);
    expect(mail.attempts).toBeLessThan(80);
    mail.answer = () => ({ kind: 'delivered' });
    await house.clock.pass(hour);
    expect(house.said.length).toBe(2);
    expect(house.said[0]).toMatch(/^Alerts do not get through to mail: .*\. They wait, and are tried again\.$/);
    expect(house.said[1]).toBe('Alerts get through to mail again.');
    expect([...mail.taken.values()].every((times) => times === 1)).toBe(true);
    const told = mail.messages.flatMap(({ alerts }) => alerts.map(({ key, state }) => `${state} ${key}`));
    expect(new Set(told).size).toBe(told.length);
    for (const [index, name] of names.entries()) {
      expect(told).toContain(`firing ${name}`);
      const end = told.indexOf(`resolved ${name}`);
      if (index < 10) expect(end).toBeGreaterThan(told.indexOf(`firing ${name}`));
      else expect(end).toBe(-1);
    }
  });
});

test('a rest that the receiver asks for is kept, but not for ever', async () => {
  const house = new House([{ to: ['mail'] }], 72 * hour, minute);
  const { mail } = house.receivers;
  const at: number[] = [];
  mail.answer = () => {
    at.push(house.clock.now() - start);
    return { kind: 'again', why: '429', afterMs: at.length === 1 ? 20 * minute : 365 * 24 * hour };
  };
  house.put(incident('a'));
  await house.clock.pass(3 * hour);
  expect(at[1]).toBeGreaterThanOrEqual((at[0] as number) + 20 * minute);
  expect(at[2]).toBeGreaterThanOrEqual((at[1] as number) + hour);
  expect(at[2]).toBeLessThan((at[1] as number) + 1.5 * hour);
});

test('one that is never taken holds up its thread and nobody else, and is given up in the end', async () => {
  const house = new House([{ to: ['mail'], 'group-by': 'incident' }], 6 * hour, minute);
  const { mail } = house.receivers;
  mail.answer = ({ thread }) => (thread === 'bad' ? { kind: 'again', why: '500' } : { kind: 'delivered' });
  house.put(incident('bad'), incident('good'));
  await house.clock.pass(5 * minute);
  house.put(incident('bad', { state: 'closed' }), incident('good', { state: 'closed' }), incident('other'));
  await house.clock.pass(hour);
  expect(mail.lines.sort()).toEqual(['transition firing good', 'transition firing other', 'transition resolved good']);
  await house.clock.pass(24 * hour);
  expect(mail.lines).toHaveLength(3);
  expect(house.said.filter((text) => text.includes('given up'))).toHaveLength(2);
});

test('what a receiver refuses is given up at once', async () => {
  const house = new House();
  house.receivers.mail.answer = () => ({ kind: 'refused', why: 'it answers 400' });
  house.put(incident('a'));
  await house.clock.pass(hour);
  expect(house.receivers.mail.attempts).toBe(1);
  expect(house.said).toEqual(['mail has refused an alert: it answers 400. It is not tried again: palisade alerts lists it.']);
});

test('a sender that ends at any moment and begins anew neither forgets nor repeats', async () => {
  const house = new House([
    { to: ['mail'], 'group-by': 'incident', wait: '3s', 'at-most': '1000/1h' },
    { to: ['pager'], severity: 'critical' },
  ]);
  const { mail } = house.receivers;
  const random = randomOf(99);
  mail.answer = () => (random() < 0.3 ? { kind: 'again', why: '500' } : { kind: 'delivered' });
  for (let turn = 0; turn < 40; turn += 1) {
    house.put(incident(`i${turn}`, { first: house.clock.now() }));
    if (turn >= 10) house.put(incident(`i${turn - 10}`, { state: 'closed' }));
    await house.clock.pass(Math.ceil(random() * 8) * second);
    await house.end();
    if (random() < 0.5) house.put(incident(`i${turn}`, { events: 99 }));
    house.begin();
  }
  for (let turn = 30; turn < 40; turn += 1) house.put(incident(`i${turn}`, { state: 'closed' }));
  mail.answer = () => ({ kind: 'delivered' });
  await house.clock.pass(30 * minute);
  const told = mail.messages.flatMap(({ alerts }) => alerts.map(({ key, state }) => `${state} ${key}`));
  expect(new Set(told).size).toBe(told.length);
  for (let turn = 0; turn < 40; turn += 1) {
    const [begun, over] = [told.indexOf(`firing i${turn}`), told.indexOf(`resolved i${turn}`)];
    expect(begun, `i${turn}`).toBeGreaterThanOrEqual(0);
    expect(over, `i${turn}`).toBeGreaterThan(begun);
  }
});

test('many at once are told in turns, and none is left out', async () => {
  const house = new House([{ to: ['mail'], 'group-by': 'all', wait: '0s', 'at-most': '100/1h' }], hour, minute);
  house.clock.turns = 200;
  await house.clock.pass(minute);
  const names = Array.from({ length: 700 }, (_, index) => `i${index}`);
  house.put(...names.map((name) => incident(name)));
  await house.clock.pass(10 * minute);
  house.put(...names.map((name) => incident(name, { state: 'closed' })));
  await house.clock.pass(10 * minute);
  const told = house.receivers.mail.messages.flatMap(({ alerts }) => alerts.map(({ key, state }) => `${state} ${key}`));
  expect(told.sort()).toEqual([...names.map((name) => `firing ${name}`), ...names.map((name) => `resolved ${name}`)].sort());
});
