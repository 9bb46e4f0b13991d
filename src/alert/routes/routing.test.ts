import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePrefix } from '../../model/net/index.ts';
import type { Draft } from './draft.ts';
import { routesOf, severities } from './route.ts';
import { Routing, type RoutingSaved } from './routing.ts';
import { type RouteSettings, routeSettings } from './settings.ts';
import type { IncidentNow, Tracked } from './tracked.ts';

type RouteInput = Partial<Omit<RouteSettings, 'quiet-hours'>> & {
  readonly to: string[];
  readonly 'quiet-hours'?: { from: string; to: string; zone?: string; through?: string };
};

const start = Date.UTC(2026, 0, 5, 12);
const [second, minute, hour] = [1000, 60_000, 3_600_000];
const [source] = [parsePrefix('203.0.113.9')].flatMap((one) => one ?? []);

const routesIn = (said: readonly RouteInput[]) =>
  routesOf(
    said.map((one) => routeSettings.parse(one)),
    ['mail', 'pager', 'log'],
  );
const channelsOf = (renewed: string | null = null) =>
  new Map(['mail', 'pager', 'log'].map((name) => [name, { renewMs: name === renewed ? 2 * hour : null }]));

/** A world whose clock is turned by hand; what was said is in `said`, as `12:00:10 mail transition firing a, resolved b`. */
class World {
  now = start;
  readonly said: string[] = [];
  readonly drafts: Draft[] = [];
  readonly incidents = new Map<string, IncidentNow>();
  announced: { at: number; until: number } | null = null;
  routing: Routing;
  private readonly routes: readonly RouteInput[];
  private readonly renewed: string | null;
  private readonly kept = new Map<string, string>();
  private rest = 'null';

  constructor(routes: readonly RouteInput[], renewed: string | null = null) {
    this.routes = routes;
    this.renewed = renewed;
    this.routing = this.opened(null);
  }

  private opened(saved: RoutingSaved | null, routes = this.routes): Routing {
    return new Routing(routesIn(routes), channelsOf(this.renewed), saved);
  }

  put(id: string, over: Partial<IncidentNow> = {}): void {
    const before = this.incidents.get(id);
    const made: IncidentNow = {
      ...{ id, detector: 'vertical-scan', severity: 'high', sources: source === undefined ? [] : [source], first: this.now },
      ...{ isOpen: true, acknowledgedBy: null, silencedUntil: null },
    };
    const one = { ...(before ?? made), ...over };
    this.incidents.set(id, one);
    this.step([one]);
  }

  /** Who follows incidents is told of those that are new, and asks again about those that it follows. */
  step(fresh: readonly IncidentNow[] = []): void {
    const followed = [...this.routing.followed].flatMap((id) => this.incidents.get(id) ?? []);
    const drafts = this.routing.step(this.now, [...followed, ...fresh], this.announced);
    const { tracked, rest } = this.routing.changes();
    for (const [id, one] of tracked) {
      if (one === null) this.kept.delete(id);
      else this.kept.set(id, JSON.stringify(one));
    }
    this.rest = JSON.stringify(rest);
    for (const draft of drafts) {
      this.drafts.push(draft);
      const alerts = draft.alerts.map(({ id, state }) => `${state} ${id}`).join(', ');
      const more = draft.more > 0 ? ` and ${draft.more} more` : '';
      this.said.push(`${new Date(this.now).toISOString().slice(11, 19)} ${draft.channel} ${draft.kind} ${alerts}${more}`);
    }
  }

  /** Another process goes on with what was kept. */
  restart(routes = this.routes): void {
    const tracked = [...this.kept.values()].map((text) => JSON.parse(text) as Tracked);
    this.routing = this.opened({ tracked, rest: JSON.parse(this.rest) }, routes);
    this.step();
  }

  /** Goes from one moment at which something is due to the next. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (let turns = 0; this.routing.nextAt <= end; turns += 1) {
      if (turns > 10_000) throw new Error('it never rests');
      this.now = Math.max(this.now, this.routing.nextAt);
      this.step();
    }
    this.now = end;
  }

  take(): string[] {
    return this.said.splice(0);
  }
}

describe('one incident', () => {
  test('is told after a short wait, and its end to whoever was told', () => {
    const world = new World([{ to: ['mail'] }]);
    world.put('a');
    world.pass(9 * second);
    expect(world.take()).toEqual([]);
    world.pass(2 * minute);
    expect(world.take()).toEqual(['12:00:10 mail transition firing a']);
    world.put('a', { isOpen: false });
    world.pass(hour);
    expect(world.take()).toEqual(['12:05:10 mail transition resolved a']);
    world.pass(24 * hour);
    expect(world.take()).toEqual([]);
    expect([...world.routing.followed]).toEqual(['a']);
    world.step();
    expect([...world.routing.followed]).toEqual([]);
  });

  test('that is milder than any route wants is told to nobody, and is once it is worse', () => {
    const world = new World([
      { to: ['pager'], severity: 'critical' },
      { to: ['mail'], severity: 'high' },
    ]);
    world.put('a', { severity: 'low' });
    world.pass(hour);
    world.put('a', { severity: 'high' });
    world.pass(hour);
    world.put('a', { severity: 'critical' });
    world.pass(hour);
    expect(world.take()).toEqual([
      '13:00:10 mail transition firing a',
      '14:00:10 mail transition firing a',
      '14:00:10 pager transition firing a',
    ]);
    world.put('a', { isOpen: false });
    world.pass(hour);
    expect(world.take().sort()).toEqual(['15:00:40 mail transition resolved a', '15:00:40 pager transition resolved a']);
  });

  test('that grows is no news', () => {
    const world = new World([{ to: ['mail'] }]);
    world.put('a');
    world.pass(hour);
    world.take();
    for (let turn = 0; turn < 10; turn += 1) world.put('a');
    world.pass(hour);
    expect(world.take()).toEqual([]);
  });

  test('that somebody acknowledges is told so once, and neither escalated nor repeated', () => {
    const world = new World([{ to: ['mail'], repeat: '1h', escalate: [{ after: '30m', to: ['pager'] }] }]);
    world.put('a');
    world.pass(10 * minute);
    world.put('a', { acknowledgedBy: 'kim' });
    world.pass(5 * hour);
    world.put('a', { isOpen: false });
    world.pass(hour);
    expect(world.take()).toEqual([
      '12:00:10 mail transition firing a',
      '12:10:10 mail transition acknowledged a',
      '17:10:40 mail transition resolved a',
    ]);
  });

  test('that nobody acknowledges is repeated, and escalated to those who are told of its end too', () => {
    const world = new World([{ to: ['mail'], repeat: '1h', escalate: [{ after: '30m', to: ['pager', 'mail'] }] }]);
    world.put('a');
    world.pass(2.4 * hour);
    world.put('a', { isOpen: false });
    world.pass(hour);
    expect(world.take()).toEqual([
      '12:00:10 mail transition firing a',
      '12:30:00 pager transition firing a',
      '13:00:10 mail renewal firing a',
      '13:30:00 pager renewal firing a',
      '14:00:10 mail renewal firing a',
      '14:24:30 pager transition resolved a',
      '14:24:40 mail transition resolved a',
    ]);
  });

  test('that is silenced is held back; its end is told only to those who knew of it', () => {
    const world = new World([{ to: ['mail'] }]);
    world.put('quiet', { silencedUntil: start + hour });
    world.put('known');
    world.pass(minute);
    world.put('known', { silencedUntil: start + hour, severity: 'critical' });
    world.put('quiet', { isOpen: false });
    world.put('known', { isOpen: false });
    world.put('later', { silencedUntil: start + hour });
    world.pass(2 * hour);
    expect(world.take()).toEqual([
      '12:00:10 mail transition firing known',
      '13:00:10 mail transition resolved known, firing later'.replace(
        'resolved known, firing later',
        'resolved known, firing later',
      ),
    ]);
  });

  test('that comes back before its end was told was never gone; later it is told anew', () => {
    const world = new World([{ to: ['mail'], 'resolve-wait': '2m' }]);
    world.put('a');
    world.pass(minute);
    for (let turn = 0; turn < 5; turn += 1) {
      world.put('a', { isOpen: false });
      world.pass(minute);
      world.put('a', { isOpen: true });
      world.pass(minute);
    }
    world.pass(hour);
    expect(world.take()).toEqual(['12:00:10 mail transition firing a']);
    world.put('a', { isOpen: false });
    world.pass(10 * minute);
    world.put('a', { isOpen: true });
    world.pass(10 * minute);
    expect(world.take()).toEqual(['13:13:10 mail transition resolved a', '13:21:10 mail transition firing a']);
  });

  test('that came and went before anybody could be told is told as what was', () => {
    const world = new World([{ to: ['mail'] }]);
    world.put('a', { isOpen: false });
    world.put('b', { isOpen: false, acknowledgedBy: 'kim' });
    world.pass(hour);
    expect(world.take()).toEqual(['12:00:40 mail digest resolved a']);
  });
});

test('one that was counted, and is worse since, is told', () => {
  const world = new World([{ to: ['mail'], 'at-most': '1/1h', wait: '0s', 'group-by': 'incident' }]);
  world.put('first');
  for (let each = 0; each < 150; each += 1) world.put(`i${String(each).padStart(3, '0')}`, { first: start + each });
  world.pass(hour);
  expect(world.take().at(-1)).toMatch(/^13:00:00 mail digest .* and 50 more$/);
  world.put('i149', { severity: 'critical' });
  world.pass(2 * hour);
  expect(world.take()).toEqual(['14:00:00 mail digest firing i149']);
});

describe('many', () => {
  test('of a group are told together, and later ones seldom, but for what is critical', () => {
    const world = new World([{ to: ['mail'] }]);
    world.put('a');
    world.put('b', { severity: 'medium' });
    world.pass(minute);
    world.put('c');
    world.pass(second);
    world.put('d');
    world.pass(second);
    world.put('worst', { severity: 'critical' });
    world.put('other', { detector: 'udp-scan' });
    world.pass(hour);
    expect(world.take()).toEqual([
      '12:00:10 mail transition firing a, firing b',
      '12:01:12 mail transition firing worst, firing c, firing d',
      '12:01:12 mail transition firing other',
    ]);
    const threads = world.drafts.map(({ thread }) => thread);
    expect(threads).toEqual(['a', 'a', 'other']);
  });

  test('of a group whose first ones are over are another thread', () => {
    const world = new World([{ to: ['mail'] }]);
    world.put('a');
    world.pass(hour);
    world.put('a', { isOpen: false });
    world.pass(hour);
    world.put('b');
    world.pass(hour);
    expect(world.drafts.map(({ thread }) => thread)).toEqual(['a', 'a', 'b']);
  });

  test('go by the first route that fits, and by those behind it if it says so', () => {
    const world = new World([
      { to: ['log'], severity: 'info', continue: true },
      { to: ['pager'], detectors: ['drift'] },
      { to: ['mail'], sources: ['203.0.113.0/24'] },
      { to: ['pager'] },
    ]);
    world.put('a', { detector: 'drift', sources: [] });
    world.put('b');
    world.put('c', { sources: [] });
    world.pass(minute);
    expect(world.take().sort()).toEqual([
      '12:00:10 log transition firing a',
      '12:00:10 log transition firing b, firing c',
      '12:00:10 mail transition firing b',
      '12:00:10 pager transition firing a',
      '12:00:10 pager transition firing c',
    ]);
  });

  test('are one digest of a time, with those that were over meanwhile', () => {
    const world = new World([{ to: ['mail'], digest: '1h', severity: 'low' }]);
    world.put('a');
    world.pass(20 * minute);
    world.put('b', { severity: 'critical' });
    world.put('a', { isOpen: false });
    world.pass(2 * hour);
    world.put('b', { isOpen: false });
    world.pass(2 * hour);
    expect(world.take()).toEqual(['13:00:00 mail digest firing b, resolved a', '15:20:30 mail digest resolved b']);
  });

  test('beyond a limit are told with the next message, and beyond what it names are counted', () => {
    const world = new World([{ to: ['mail'], 'at-most': '2/1h', 'group-by': 'incident', wait: '0s' }]);
    for (let each = 0; each < 250; each += 1) world.put(`i${String(each).padStart(3, '0')}`, { first: start + each });
    world.pass(59 * minute);
    expect(world.take()).toEqual(['12:00:00 mail transition firing i000', '12:00:00 mail transition firing i001']);
    world.pass(2 * minute);
    const [said = ''] = world.take();
    expect(said).toMatch(/^13:00:00 mail digest firing i002, .*firing i101 and 148 more$/);
    for (const id of world.incidents.keys()) world.put(id, { isOpen: false });
    world.pass(10 * hour);
    const resolved = world.drafts.flatMap(({ alerts }) => alerts.filter(({ state }) => state === 'resolved').map(({ id }) => id));
    expect(resolved.sort()).toEqual([...world.incidents.keys()].slice(0, 102));
  });

  test('in quiet hours wait to their end, where they are, but for what is critical', () => {
    const world = new World([
      { to: ['mail'], 'quiet-hours': { from: '13:00', to: '07:00', zone: 'Europe/Berlin' }, repeat: '4h' },
    ]);
    world.put('a');
    world.put('worst', { detector: 'conntrack-full', severity: 'critical' });
    world.put('b', { detector: 'udp-scan' });
    world.pass(hour);
    world.put('b', { isOpen: false });
    world.put('worst', { isOpen: false });
    world.pass(18 * hour);
    expect(world.take()).toEqual([
      '12:00:10 mail transition firing worst',
      '13:00:40 mail transition resolved worst',
      '06:00:00 mail digest firing a, resolved b',
    ]);
  });

  test('of the time of a change that was announced are held: its end resolves them, or lets them be told', () => {
    const world = new World([{ to: ['mail'], wait: '0s' }]);
    world.put('before', { detector: 'drift' });
    world.announced = { at: start + minute, until: start + hour };
    world.pass(2 * minute);
    world.put('mine', { detector: 'drift' });
    world.put('other', { detector: 'finding' });
    world.put('attack', { detector: 'udp-scan' });
    world.put('before', { isOpen: false });
    world.pass(30 * minute);
    expect(world.take()).toEqual([
      '12:00:00 mail transition firing before',
      '12:02:00 mail transition firing attack',
      '12:05:00 mail transition resolved before',
    ]);
    world.announced = null;
    world.step();
    world.pass(20 * second);
    world.put('mine', { isOpen: false });
    world.pass(hour);
    expect(world.take()).toEqual(['12:33:00 mail transition firing other']);
  });

  test('are renewed for receivers that forget, as long as they go on', () => {
    const world = new World([{ to: ['log'] }], 'log');
    world.put('a');
    world.pass(5 * hour);
    world.put('a', { isOpen: false });
    world.pass(9 * hour);
    expect(world.take()).toEqual([
      '12:00:10 log transition firing a',
      '14:00:10 log renewal firing a',
      '16:00:10 log renewal firing a',
      '17:00:40 log transition resolved a',
    ]);
  });
});

test('other routes: who was told is told the end, and nobody is told twice', () => {
  const world = new World([{ to: ['mail'] }]);
  world.put('a');
  world.pass(minute);
  world.restart([{ to: ['mail', 'pager'], 'group-by': 'incident' }]);
  world.pass(minute);
  world.restart([{ to: ['log'] }]);
  world.pass(minute);
  world.put('a', { isOpen: false });
  world.pass(hour);
  expect(world.take().map((line) => line.slice(9))).toEqual([
    'mail transition firing a',
    'pager transition firing a',
    'log transition firing a',
    'mail transition resolved a',
    'pager transition resolved a',
    'log transition resolved a',
  ]);
});

type Turn =
  | { readonly kind: 'put'; readonly id: string; readonly over: Partial<IncidentNow>; readonly silenceMs: number | null }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'change'; readonly isAnnounced: boolean };

const turns: fc.Arbitrary<readonly Turn[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('put' as const),
        id: fc.constantFrom(...'abcdefghij'),
        over: fc.record(
          {
            severity: fc.constantFrom(...severities),
            isOpen: fc.boolean(),
            acknowledgedBy: fc.constantFrom('kim', 'lee'),
          },
          { requiredKeys: [] },
        ),
        silenceMs: fc.option(fc.constantFrom(minute, hour), { freq: 6 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        ms: fc.constantFrom(second, 10 * second, minute, 7 * minute, hour, 11 * hour),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('change' as const), isAnnounced: fc.boolean() }) },
  ),
  { maxLength: 60 },
);

const routeArbitrary: fc.Arbitrary<RouteInput> = fc.record(
  {
    to: fc.uniqueArray(fc.constantFrom('mail', 'pager', 'log'), { minLength: 1 }),
    severity: fc.constantFrom(...severities),
    continue: fc.boolean(),
    detectors: fc.constantFrom(['drift'], ['udp-scan', 'vertical-scan']),
    'group-by': fc.constantFrom('incident', 'detector', 'source', 'all'),
    wait: fc.constantFrom('0s', '10s'),
    'group-every': fc.constantFrom('0s', '5m'),
    digest: fc.constantFrom('1h'),
    'at-most': fc.constantFrom('1/1h', '2/10m', '30/1h'),
    'quiet-hours': fc.constantFrom<NonNullable<RouteInput['quiet-hours']>>(
      { from: '22:00', to: '06:00', zone: 'Asia/Kolkata' },
      { from: '13:00', to: '14:00', through: 'none' },
    ),
    escalate: fc.constantFrom([{ after: '30m', to: ['pager'] }]),
    repeat: fc.constantFrom('4h'),
    'resolve-wait': fc.constantFrom('0s', '30s', '5m'),
  },
  { requiredKeys: ['to'] },
);
const routesArbitrary = fc.array(routeArbitrary, { minLength: 1, maxLength: 3 });
const detectorOf: Readonly<Record<string, string>> = { a: 'drift', b: 'drift', c: 'udp-scan', d: 'finding' };

function play(world: World, history: readonly Turn[], after: (world: World) => void = () => undefined): void {
  for (const turn of history) {
    if (turn.kind === 'pass') world.pass(turn.ms);
    else if (turn.kind === 'change') {
      world.announced = turn.isAnnounced ? { at: world.now, until: world.now + hour } : null;
      world.step();
    } else {
      const silencedUntil = turn.silenceMs === null ? {} : { silencedUntil: world.now + turn.silenceMs };
      const isNew = !world.incidents.has(turn.id);
      world.put(turn.id, { ...turn.over, ...silencedUntil, ...(isNew && { detector: detectorOf[turn.id] ?? 'vertical-scan' }) });
    }
    after(world);
  }
}

const runs = 60;

describe('whatever happens', () => {
  test('each is told as it is, once, and its end to whoever was told and to nobody else', () => {
    fc.assert(
      fc.property(routesArbitrary, turns, (routes, history) => {
        const world = new World(routes, 'log');
        play(world, history);
        world.announced = null;
        world.step();
        // Whatever is held back or waits is said in the end.
        world.pass(4 * 24 * hour);
        const told = new Map<string, string>();
        const worst = new Map<string, number>();
        let counted = 0;
        for (const { channel, kind, alerts, more } of world.drafts) {
          counted += more;
          expect(new Set(alerts.map(({ id }) => id)).size).toBe(alerts.length);
          for (const { id, state } of alerts) {
            const key = `${channel} ${id}`;
            const before = told.get(key) ?? 'nothing';
            if (kind === 'renewal') expect(before === 'firing' || before === 'acknowledged', key).toBe(true);
            else if (state === 'resolved')
              expect(kind === 'digest' || ['firing', 'acknowledged'].includes(before), key).toBe(true);
            else if (state === 'acknowledged') expect(['firing', 'acknowledged'], key).toContain(before);
            // The same again only where it is worse: five severities.
            const again = before === state && kind !== 'renewal' ? (worst.get(key) ?? 0) + 1 : (worst.get(key) ?? 0);
            worst.set(key, again);
            expect(again, key).toBeLessThan(severities.length);
            if (kind !== 'renewal') told.set(key, state);
          }
        }
        const reached = routesIn(routes);
        for (const one of world.incidents.values())
          for (const channel of ['mail', 'pager', 'log']) {
            const last = told.get(`${channel} ${one.id}`) ?? 'nothing';
            if (!one.isOpen) expect(['nothing', 'resolved'], `${channel} ${one.id}`).toContain(last);
            else if (one.acknowledgedBy === null) {
              const tracked = world.routing.of(one.id);
              const sub = tracked?.channels[channel];
              const isAsked =
                sub !== undefined && (sub.route >= 0 ? reached[sub.route]?.to.includes(channel) || sub.isEscalated : false);
              if (isAsked && !sub?.isCounted) expect(last, `${channel} ${one.id}`).toBe('firing');
              if (tracked !== null && sub !== undefined && !sub.isCounted) expect(sub.severity).toBe(tracked.severity);
            }
          }
        expect(counted).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: runs },
    );
  });

  test('each that fits a route is told to all of it', () => {
    fc.assert(
      fc.property(routeArbitrary, turns, (route, history) => {
        const world = new World([{ ...route, severity: 'info' }]);
        const { detectors } = route;
        play(
          world,
          history.filter((turn) => turn.kind !== 'put' || (turn.over.acknowledgedBy === undefined && turn.silenceMs === null)),
        );
        world.announced = null;
        world.step();
        world.pass(4 * 24 * hour);
        const named = new Set(world.drafts.flatMap(({ channel, alerts }) => alerts.map(({ id }) => `${channel} ${id}`)));
        for (const one of world.incidents.values())
          for (const channel of route.to)
            if (one.isOpen && (detectors === undefined || detectors.includes(one.detector)))
              expect(named.has(`${channel} ${one.id}`), `${channel} ${one.id}`).toBe(true);
      }),
      { numRuns: runs },
    );
  });

  test('it goes on after a restart at any moment as if there had been none', () => {
    fc.assert(
      fc.property(routesArbitrary, turns, (routes, history) => {
        const world = new World(routes, 'log');
        const restarted = new World(routes, 'log');
        play(world, history, (one) => one.step());
        play(restarted, history, (one) => one.restart());
        expect(restarted.said).toEqual(world.said);
        expect(restarted.routing.nextAt).toBe(world.routing.nextAt);
      }),
      { numRuns: runs },
    );
  });

  test('asked more often it says the same', () => {
    fc.assert(
      fc.property(routesArbitrary, turns, (routes, history) => {
        const world = new World(routes);
        const often = new World(routes);
        play(world, history);
        play(
          often,
          history.flatMap((turn) => (turn.kind === 'pass' ? Array(5).fill({ kind: 'pass', ms: turn.ms / 5 }) : [turn])),
          (one) => {
            one.step();
            one.step();
          },
        );
        expect(often.said).toEqual(world.said);
      }),
      { numRuns: runs },
    );
  });
});
