import { describe, expect, test } from 'vitest';
import { type Prefix, parsePrefix } from '../../model/net/index.ts';
import { createBans, type Suspect, usualTerms } from './index.ts';

const minute = 60_000;
const start = 1_800_000_000_000;

function net(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(text);
  return prefix;
}

function suspect(source: string, more: Partial<Suspect> = {}): Suspect {
  return {
    source: net(source),
    incident: 'i',
    detector: 'd',
    at: start,
    spoofable: false,
    trusted: true,
    weight: 1,
    why: 'w',
    ...more,
  };
}

const gateway = { network: net('203.0.113.254'), why: 'the default gateway' };

describe('a source', () => {
  test('is shut out longer each time, and for what may be forged always shortly', () => {
    const bans = createBans({ never: [] });
    const lengths: number[] = [];
    let at = start;
    for (let turn = 0; turn < 6; turn += 1) {
      const ban = bans.suspect(suspect('198.51.100.7', { at }));
      expect(ban).toMatchObject({ reach: 'new', before: turn < 5 ? turn : 5 });
      lengths.push(((ban?.until ?? 0) - at) / minute);
      at = ban?.until ?? 0;
      expect(bans.expired(at)).toHaveLength(1);
      // Weight fades with time, and is again enough.
      at += minute;
    }
    expect(lengths).toEqual([15, 60, 360, 1440, 10_080, 10_080]);
    for (let turn = 0; turn < 5; turn += 1) {
      const ban = bans.suspect(suspect('198.51.100.8', { at, spoofable: true }));
      expect((ban?.until ?? 0) - at).toBe(10 * minute);
      at = (ban?.until ?? 0) + 1;
      bans.expired(at);
    }
  });

  test('is not shut out twice, by what anybody could have written, or by too little', () => {
    const bans = createBans({ never: [] });
    expect(bans.suspect(suspect('198.51.100.7', { trusted: false }))).toBeNull();
    expect(bans.explain(net('198.51.100.7'), start)).toMatchObject({ kind: 'untrusted' });
    expect(createBans({ never: [], trustFiles: true }).suspect(suspect('198.51.100.7', { trusted: false }))).not.toBeNull();
    expect(bans.suspect(suspect('198.51.100.7', { weight: 0.6 }))).toBeNull();
    expect(bans.explain(net('198.51.100.7'), start)).toEqual({ kind: 'below', weight: 0.6, threshold: 1 });
    // Half of it is gone after an hour, and 0.3 + 0.6 is too little.
    expect(bans.suspect(suspect('198.51.100.7', { weight: 0.6, at: start + 60 * minute }))).toBeNull();
    expect(bans.suspect(suspect('198.51.100.7', { weight: 0.6, at: start + 61 * minute }))).not.toBeNull();
    expect(bans.suspect(suspect('198.51.100.7', { at: start + 62 * minute }))).toBeNull();
    expect(bans.explain(net('198.51.100.9'), start)).toEqual({ kind: 'unseen' });
  });

  test('that may be forged makes no long ban together with a little that is sure', () => {
    const bans = createBans({ never: [] });
    bans.suspect(suspect('198.51.100.7', { weight: 0.9, spoofable: true }));
    const ban = bans.suspect(suspect('198.51.100.7', { weight: 0.2 }));
    expect((ban?.until ?? 0) - start).toBe(usualTerms.spoofable);
  });

  test('of IPv6 is its /64', () => {
    const bans = createBans({ never: [] });
    expect(bans.suspect(suspect('2001:db8:1:2:3::4'))?.source).toEqual(net('2001:db8:1:2::/64'));
    expect(bans.explain(net('2001:db8:1:2:ffff::1'), start)).toMatchObject({ kind: 'banned' });
    expect(bans.suspect(suspect('2001:db8::/40'))).toBeNull();
  });

  test('that completed a handshake loses all its packets, unless we have a connection to it', () => {
    const bans = createBans({ never: [] });
    const [one, other, forged] = ['198.51.100.7', '198.51.100.8', '198.51.100.9'].map(net) as [Prefix, Prefix, Prefix];
    bans.suspect(suspect('198.51.100.7'));
    bans.suspect(suspect('198.51.100.8'));
    bans.suspect(suspect('198.51.100.9', { spoofable: true }));
    expect(bans.proven(one, start + 1, false)).toMatchObject({ reach: 'all', until: start + 15 * minute });
    expect(bans.proven(one, start + 2, false)).toBeNull();
    expect(bans.proven(other, start + 1, true)).toBeNull();
    expect(bans.proven(forged, start + 1, true)).toMatchObject({ reach: 'new', until: start + 15 * minute });
    expect(bans.proven(net('198.51.100.66'), start, false)).toBeNull();
    // It counts as one that was sure from then on.
    bans.expired(start + 15 * minute);
    expect(bans.suspect(suspect('198.51.100.9', { at: start + 16 * minute }))).toMatchObject({ before: 1 });
  });
});

describe('a /24', () => {
  const of = (count: number, spoofable: (last: number) => boolean, never = [] as (typeof gateway)[]) => {
    const bans = createBans({ never });
    return Array.from({ length: count }, (_, last) => bans.suspect(suspect(`203.0.113.${last}`, { spoofable: spoofable(last) })));
  };

  test('is shut out at its sixteenth member, and shortly where some may be forged', () => {
    const sure = of(17, () => false);
    expect(sure[14]?.source.length).toBe(32);
    expect(sure[15]).toMatchObject({ source: net('203.0.113.0/24'), until: start + 15 * minute });
    expect(sure[16]).toBeNull();
    expect(of(16, (last) => last < 8)[15]?.until).toBe(start + 10 * minute);
  });

  test('is not where somebody in it is never shut out', () => {
    expect(of(20, () => false, [gateway]).every((ban) => ban?.source.length === 32)).toBe(true);
  });
});

describe('those who are never shut out', () => {
  test('are not by detectors, nor by people, nor as part of a network', () => {
    const bans = createBans({ never: [gateway, { network: net('10.9.0.0/16'), why: 'yours' }] });
    expect(bans.suspect(suspect('203.0.113.254'))).toBeNull();
    expect(bans.suspect(suspect('203.0.113.0/24'))).toBeNull();
    expect(bans.explain(net('203.0.113.254'), start)).toEqual({ kind: 'never', entry: gateway });
    const person = { at: start, forMs: minute, why: 'x', name: 'root' };
    expect(bans.manual({ ...person, network: net('203.0.113.0/24') })).toMatchObject({ kind: 'never', entry: gateway });
    expect(bans.manual({ ...person, network: net('10.9.3.3') })).toMatchObject({ kind: 'never', entry: { why: 'yours' } });
    expect(bans.manual({ ...person, network: net('127.0.0.1') })).toMatchObject({ kind: 'never' });
    expect(bans.manual({ ...person, network: net('198.0.0.0/15') })).toMatchObject({ kind: 'too-wide', most: 16 });
    expect(bans.manual({ ...person, network: net('2001::/31') })).toMatchObject({ kind: 'too-wide', most: 32 });
    expect(bans.manual({ ...person, network: net('198.51.0.0/17') })).toMatchObject({ kind: 'ban' });
    expect(bans.explain(net('198.51.127.255'), start)).toMatchObject({ kind: 'banned' });
    expect(bans.explain(net('198.51.128.0'), start)).toEqual({ kind: 'unseen' });
  });

  test('are let in again once it is said', () => {
    const bans = createBans({ never: [] });
    bans.suspect(suspect('203.0.113.254'));
    bans.suspect(suspect('203.0.113.9'));
    bans.setNever([gateway]);
    expect(bans.dropped().map(({ source }) => source)).toEqual([net('203.0.113.254')]);
    expect(bans.dropped()).toEqual([]);
    expect(bans.size).toBe(1);
  });
});

describe('a flood', () => {
  test('of forged sources fills nothing, and is forgotten', () => {
    const bans = createBans({ never: [] });
    let given = 0;
    for (let index = 0; index < 20_000; index += 1) {
      const source: Prefix = { family: 4, length: 32, value: BigInt(0x0b000000 + 257 * index) };
      // 20,000 a second.
      if (bans.suspect({ ...suspect('0.0.0.1'), source, spoofable: true, at: start + index / 20 }) !== null) given += 1;
    }
    expect(given).toBeGreaterThanOrEqual(usualTerms.spoofableBurst);
    expect(given).toBeLessThan(usualTerms.spoofableBurst + 20);
    expect(bans.suspect(suspect('198.51.100.7'))).not.toBeNull();
    expect(bans.expired(start + 60 * minute)).toHaveLength(given + 1);
    expect(bans.size).toBe(0);
  });

  test('of others has a ceiling, at which those that end first go', () => {
    const bans = createBans({ never: [], terms: { most: 100 } });
    const at = (index: number): Prefix => ({ family: 4, length: 32, value: BigInt(0x0b000000 + 257 * index) });
    for (let index = 0; index < 100; index += 1) bans.suspect({ ...suspect('0.0.0.1'), source: at(index), at: start + index });
    expect(bans.suspect({ ...suspect('0.0.0.1'), source: at(100), spoofable: true, at: start + 100 })).toBeNull();
    expect(bans.explain(at(100), start + 100)).toMatchObject({ kind: 'too-many' });
    expect(bans.suspect({ ...suspect('0.0.0.1'), source: at(101), at: start + 200 })).not.toBeNull();
    expect(bans.dropped().map(({ source }) => source)).toEqual([at(0)]);
    expect(bans.manual({ network: at(200), at: start, forMs: 1, why: '', name: 'root' })).toMatchObject({ kind: 'ban' });
    expect(bans.size).toBe(100);
  });
});

test('whoever a person let in again is not shut out at once for what is still going on, and is when it does not end', () => {
  const bans = createBans({ never: [] });
  const said = (second: number, incident = 'i') => bans.suspect(suspect('198.51.100.7', { at: start + second * 1000, incident }));
  expect(said(0)).not.toBeNull();
  bans.lift(net('198.51.100.7/32'));
  expect(said(1)).toBeNull();
  expect(bans.explain(net('198.51.100.7/32'), start + 1000)).toMatchObject({ kind: 'below' });
  // What is new counts whole.
  expect(said(2, 'another')).not.toBeNull();
  bans.lift(net('198.51.100.7/32'));
  const turns = Array.from({ length: 30 }, (_, turn) => said(10 + 60 * turn, 'another'));
  expect(turns.findIndex((ban) => ban !== null)).toBeGreaterThan(8);
});

test('all of a /24 that was let in again are', () => {
  const bans = createBans({ never: [] });
  const all = () => Array.from({ length: 16 }, (_, index) => bans.suspect(suspect(`198.51.100.${index}`)));
  expect(all().at(-1)).toMatchObject({ source: net('198.51.100.0/24') });
  for (const { source } of [...bans.live]) bans.lift(source);
  expect(all().every((ban) => ban === null)).toBe(true);
  expect(bans.suspect(suspect('198.51.100.200', { incident: 'another' }))).toMatchObject({ source: net('198.51.100.200/32') });
});

test('a restart forgets neither who is shut out nor how often', () => {
  const before = createBans({ never: [] });
  const first = before.suspect(suspect('198.51.100.7'));
  const short = before.suspect(suspect('198.51.100.8', { spoofable: true }));
  const after = createBans({ never: [] });
  // What is told again counts once, as of one that was proven.
  for (const ban of [first, short, first]) if (ban !== null) after.recall(ban, start + 12 * minute);
  expect([...after.live]).toEqual([first]);
  after.expired(start + 20 * minute);
  expect(after.suspect(suspect('198.51.100.7', { at: start + 30 * minute }))).toMatchObject({ before: 1 });
  expect(after.suspect(suspect('198.51.100.8', { at: start + 30 * minute }))).toMatchObject({ before: 0 });
});
