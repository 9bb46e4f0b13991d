import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { formatAddress, parsePrefix } from '../model/net/index.ts';
import { batchOf, type Made, start } from '../watch/detect/made.fixture.ts';
import { Batch } from '../watch/events/index.ts';
import type { Ban, Incident } from '../watch/index.ts';
import {
  acknowledge,
  noteIncidents,
  openReading,
  openStore,
  type Reading,
  type Store,
  type StoreLimits,
  silence,
  usualLimits,
} from './index.ts';
import { spanRows } from './spans.ts';

/** In memory where that can be: the tests of others keep the disk busy, and a store flushes what it closes. */
const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'palisade-store-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const clock = { at: start, now: () => clock.at };
const fresh = (): string => mkdtempSync(join(root, 's-'));

function open(folder: string, limits: StoreLimits = usualLimits): Store {
  const opened = openStore(folder, { clock, writer: 'a test', limits });
  if (!opened.ok) throw new Error(JSON.stringify(opened.problems));
  return opened.value;
}

function ask(folder: string): Reading {
  const opened = openReading(folder);
  if (!opened.ok) throw new Error(JSON.stringify(opened.problems));
  return opened.value;
}

/** So many events alike, whose sources and times go up by one; quicker to make than one by one. */
function alike(count: number, from = 0, source = (at: number): number => 0x0a000000 + at): Batch {
  const batch = new Batch(count);
  for (batch.length = 0; batch.length < count; batch.length += 1) {
    const row = batch.length;
    batch.family[row] = 4;
    batch.at[row] = start + from + row;
    batch.src[4 * row + 3] = source(from + row);
    batch.dst[4 * row + 3] = 0xc6336401;
    batch.proto[row] = 6;
    batch.dport[row] = 22;
  }
  return batch;
}

/** Events of many sources: the n-th source sends n + 1 of them. */
function many(sources: number, each: (source: number) => Partial<Made> = () => ({})): Made[] {
  const made: Made[] = [];
  for (let source = 0; source < sources; source += 1)
    for (let count = 0; count <= source; count += 1)
      made.push({ at: made.length, src: `203.0.113.${source}`, dport: 1000 + source, ...each(source) });
  return made;
}

const incident: Incident = {
  id: 'vertical-scan-1f',
  detector: 'vertical-scan',
  severity: 'high',
  title: 'Port scan of 198.51.100.1 by 203.0.113.9',
  why: '30 ports in 3 s',
  remedy: 'Close the ports.',
  sources: [parsePrefix('203.0.113.9'), parsePrefix('2001:db8:1::/64')].flatMap((prefix) => prefix ?? []),
  sourceCount: 2,
  targets: ['198.51.100.1'],
  first: start,
  last: start + 3000,
  events: 30,
  evidence: ['FW-DROP IN=eth0 …'],
  spoofable: true,
  trusted: true,
  state: 'open',
};

describe('events', () => {
  test('come back as they were, of both families, with whatever they lack', () => {
    const folder = fresh();
    using store = open(folder);
    store.keep(
      batchOf([
        { at: 0, prefix: 'FW-DROP ', ttl: 51, flags: 0, in: 'eth1' },
        { at: 1, src: '2001:db8::9', dst: '2001:db8::1', proto: 58, icmpType: 128, prefix: 'six', out: 'wg0' },
        { at: 2, src: '0.0.0.0', dst: '255.255.255.255', proto: 17, sport: 68, dport: 67 },
        { at: 3, kind: 1, proto: -1 },
      ]),
      'nflog:5',
    );
    expect([...ask(folder).events({})]).toEqual([]);
    expect(store.commit()).toBeNull();
    const events = [...ask(folder).events({ oldestFirst: true })];
    expect(events.map(({ kind, source, trusted, at }) => [kind, source, trusted, at - start])).toEqual([
      ['packet', 'nflog:5', true, 0],
      ['packet', 'nflog:5', true, 1],
      ['packet', 'nflog:5', true, 2],
      ['failed-login', 'nflog:5', true, 3],
    ]);
    const packets = events.map(({ packet }) => ({ ...packet, src: formatAddress(packet.src), dst: formatAddress(packet.dst) }));
    expect(packets[0]).toMatchObject({ prefix: 'FW-DROP', in: 'eth1', out: null, src: '203.0.113.9', dst: '198.51.100.1' });
    expect(packets[0]).toMatchObject({ proto: 6, sport: 40_000, dport: 22, flags: 0, icmpType: null, ttl: 51 });
    expect(packets[1]).toMatchObject({
      src: '2001:db8::9',
      dst: '2001:db8::1',
      proto: 58,
      icmpType: 128,
      sport: null,
      out: 'wg0',
    });
    expect(packets[2]).toMatchObject({ src: '0.0.0.0', dst: '255.255.255.255', proto: 17, sport: 68, dport: 67, flags: null });
    expect(packets[3]).toMatchObject({ proto: null, sport: null });
  });

  test('are found by what they are, newest first, and in the order of their times whatever they were kept in', () => {
    const folder = fresh();
    using store = open(folder);
    store.keep(batchOf(many(40)), 'kmsg');
    store.commit();
    // Another source, read later, whose events lie hours back and between.
    store.keep(
      batchOf([{ at: -5_000_000 }, { at: 100, prefix: 'LATE ' }, { at: 300, src: '2001:db8:7::1', dst: '2001:db8::1' }]),
      '/var/log/kern.log',
    );
    store.commit();
    store.keep(batchOf([{ at: 400 }]), 'kmsg');
    store.commit();
    const read = ask(folder);
    const times = [...read.events({})].map(({ at }) => at);
    expect(times).toHaveLength(824);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    const count = (question: Parameters<Reading['events']>[0]): number => [...read.events(question)].length;
    expect(count({ source: '203.0.113.9' })).toBe(13);
    expect(count({ source: '203.0.113.0/30' })).toBe(10);
    expect(count({ source: '2001:db8:7::/48' })).toBe(1);
    expect(count({ source: '::/0' })).toBe(1);
    expect(count({ source: 'nobody' })).toBe(0);
    expect(count({ target: '198.51.100.1', port: 1009 })).toBe(10);
    expect(count({ prefix: 'LAT' })).toBe(1);
    expect(count({ prefix: 'lat' })).toBe(0);
    expect(count({ proto: 17 })).toBe(0);
    expect(count({ since: start, until: start + 9 })).toBe(10);
    expect([...read.events({ most: 2, oldestFirst: true })].map(({ at }) => at - start)).toEqual([-5_000_000, 0]);
    expect([...read.events({ most: 1 })].map(({ at }) => at - start)).toEqual([819]);
  });

  test('of a commit that did not come are not there, nor is the cursor; of one that came all is, after kill -9', async () => {
    const folder = fresh();
    const program = `
      const { openStore } = await import(${JSON.stringify(join(import.meta.dirname, 'index.ts'))});
      const { batchOf } = await import(${JSON.stringify(join(import.meta.dirname, '../watch/detect/made.fixture.ts'))});
      const store = openStore(process.argv[1], { clock: { now: Date.now }, writer: 'a child' }).value;
      // Whoever started it may be killed before he ends it.
      const parent = process.ppid;
      for (let round = 0; process.ppid === parent; round += 1) {
        store.keep(batchOf(Array.from({ length: 50 }, (_, at) => ({ at: 50 * round + at }))), 'kmsg');
        store.reached('kmsg', String(50 * (round + 1)));
        if (round % 3 === 2) { store.commit(); console.log(50 * (round + 1)); }
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = 0;
    child.stdout.on('data', (text: Buffer) => {
      said = Number(text.toString().trim().split('\n').at(-1));
      if (said > 3000) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const read = ask(folder);
    const kept = [...read.events({})].length;
    expect(kept).toBeGreaterThanOrEqual(said);
    expect(read.top({ by: 'source', since: 0, most: 1 }).events).toBe(kept);
    using store = open(folder);
    expect(store.cursor('kmsg')).toBe(String(kept));
  });
});

describe('counts', () => {
  test('say of whole spans what single events say, and go on after a restart', () => {
    const folder = fresh();
    const events: Made[] = Array.from({ length: spanRows + 2777 }, (_, at) => ({
      at: 10 * at,
      src: at % 5 === 0 ? `203.0.113.${at % 7}` : `2001:db8:${(at % 4).toString(16)}::${(at % 11).toString(16)}`,
      dst: at % 5 === 0 ? '198.51.100.1' : '2001:db8::1',
      ...(at % 3 === 0 ? { proto: 1, icmpType: 8 } : { dport: at % 13 }),
      prefix: at % 2 === 0 ? 'A ' : '',
    }));
    for (let from = 0; from < events.length; from += 6000) {
      using store = open(folder);
      store.keep(batchOf(events.slice(from, from + 6000)), 'kmsg');
      store.commit();
    }
    const read = ask(folder);
    const since = start + 33_333;
    const until = start + 10 * (events.length - 123);
    const within = [...read.events({ since, until })];
    expect(within).toHaveLength(events.length - 3334 - 122);
    const naming = {
      source: ({ packet }) => formatAddress(packet.src),
      target: ({ packet }) => formatAddress(packet.dst),
      port: ({ packet }) => (packet.icmpType === null ? `${packet.dport}/tcp` : 'icmp 8'),
      prefix: ({ packet }) => packet.prefix || '(none)',
    } as const satisfies Record<string, (event: (typeof within)[number]) => string>;
    for (const [by, name] of Object.entries(naming)) {
      const counted = new Map<string, number[]>();
      for (const event of within) {
        const times = counted.get(name(event)) ?? [];
        times.push(event.at);
        counted.set(name(event), times);
      }
      const top = read.top({ by: by as keyof typeof naming, since, until, most: 1000 });
      expect(top).toMatchObject({ events: within.length, uncounted: 0 });
      expect(new Map(top.rows.map(({ what, events: count, first, last }) => [what, { count, first, last }]))).toEqual(
        new Map([...counted].map(([what, at]) => [what, { count: at.length, first: at.at(-1), last: at[0] }])),
      );
    }
    expect(read.top({ by: 'network', since: 0, most: 2 }).rows.map(({ what }) => what)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^203\.0\.113\.0\/24$|::\/64$/)]),
    );
  });

  test('of a flood of forged sources are few, and nothing of it is uncounted', () => {
    const folder = fresh();
    using store = open(folder);
    const total = 4 * spanRows;
    for (let from = 0; from < total; from += 4096) {
      const flood = Array.from({ length: 4096 }, (_, at) => ({
        at: from + at,
        src: `10.${at >> 8}.${at & 255}.${(from >> 12) & 255}`,
      }));
      store.keep(batchOf(flood.map((made, at) => (at % 8 === 0 ? { ...made, src: '192.0.2.1' } : made))), 'kmsg');
    }
    store.commit();
    const top = ask(folder).top({ by: 'source', since: 0, most: 3 });
    expect(top.events).toBe(total);
    expect(top.rows[0]).toMatchObject({ what: '192.0.2.1', events: total / 8 });
    expect(top.uncounted).toBe(total - total / 8 - 4 * 511);
    expect(
      new DatabaseSync(join(folder, 'events.db')).prepare('SELECT count(*) AS n FROM tops WHERE by = ?').get('source'),
    ).toEqual({
      n: 4 * 513,
    });
  });

  test('of seconds', () => {
    const folder = fresh();
    using store = open(folder);
    store.keep(batchOf([{ at: -2000 }, { at: -1999 }, { at: 0 }]), 'kmsg');
    store.commit();
    store.keep(batchOf([{ at: 1 }]), 'kmsg');
    store.commit();
    expect(ask(folder).rates(4, start)).toEqual([0, 2, 0, 2]);
  });
});

describe('incidents and bans', () => {
  test('are as they were said last, and what somebody said of them stays', () => {
    const folder = fresh();
    using store = open(folder);
    store.incident(incident);
    store.commit();
    expect(acknowledge(folder, 'vertical', 'anna', start + 1)).toMatchObject({ ok: true });
    expect(silence(folder, incident.id, 'anna', start + 7_200_000)).toMatchObject({ ok: true });
    expect(silence(folder, 'nothing', 'anna', start)).toMatchObject({ ok: false });
    store.incident({ ...incident, events: 99, state: 'closed', last: start + 9000 });
    store.incident({ ...incident, id: 'flood-2', detector: 'syn-flood', sources: [], first: start + 5, last: start + 10_000 });
    store.commit();
    const read = ask(folder);
    expect(read.incidents({}).map(({ id }) => id)).toEqual(['flood-2', incident.id]);
    expect(read.incidents({ state: 'closed' })).toEqual([
      {
        ...incident,
        events: 99,
        state: 'closed',
        last: start + 9000,
        acknowledged: { by: 'anna', at: start + 1 },
        silencedUntil: start + 7_200_000,
      },
    ]);
    expect(read.incidents({ source: '203.0.113.0/24' })).toHaveLength(1);
    expect(read.incidents({ source: '2001:db8:1::77' })).toHaveLength(1);
    expect(read.incidents({ source: '203.0.113.10' })).toHaveLength(0);
    expect(read.incidents({ since: start + 9500, detector: 'vertical-scan' })).toHaveLength(0);
    expect(read.incident('flood')?.id).toBe('flood-2');
    expect(read.incident('')).toBeNull();
  });

  test('bans and who took them back', () => {
    const folder = fresh();
    using store = open(folder);
    const [source] = incident.sources;
    if (source === undefined) throw new Error('no source');
    const ban: Ban = {
      ...{ source, at: start, until: start + 600_000, reach: 'new', why: 'a scan', before: 0 },
      by: { kind: 'incident', detector: 'vertical-scan', incident: incident.id },
    };
    store.banned(ban);
    store.commit();
    store.unbanned('203.0.113.9/32', start + 1000, 'anna');
    store.banned({ ...ban, at: start + 2000, before: 1 });
    store.lost('nflog:5', 3, 'packets', start);
    store.lost('nflog:5', 4, 'packets', start + 10);
    store.commit();
    const read = ask(folder);
    expect(read.bans({})).toEqual([
      { ...ban, at: start + 2000, before: 1, lifted: null },
      { ...ban, lifted: { by: 'anna', at: start + 1000 } },
    ]);
    expect(read.bans({ source: '203.0.113.9', since: start + 1 })).toHaveLength(1);
    expect(read.bans({ source: '203.0.113.8' })).toEqual([]);
    expect(read.losses(start)).toEqual([{ source: 'nflog:5', count: 7, of: 'packets' }]);
  });
});

describe('what is old or too much', () => {
  test('goes, a little with each commit, and the counts of it stay', () => {
    const folder = fresh();
    clock.at = start;
    using store = open(folder);
    store.keep(
      alike(2 * spanRows, 0, () => 0xcb007109),
      'kmsg',
    );
    store.commit();
    const read = ask(folder);
    clock.at = start + 31 * 86_400_000;
    store.commit();
    const left = [...read.events({})].length;
    expect(left).toBeLessThan(2 * spanRows);
    expect(left).toBeGreaterThan(0);
    for (let commits = 0; commits < 8; commits += 1) store.commit();
    expect([...read.events({})]).toEqual([]);
    expect(read.top({ by: 'source', since: 0, most: 1 })).toMatchObject({
      events: 2 * spanRows,
      rows: [{ what: '203.0.113.9' }],
    });
    clock.at = start + 366 * 86_400_000;
    for (let commits = 0; commits < 8; commits += 1) store.commit();
    expect(read.top({ by: 'source', since: 0, most: 1 }).events).toBe(0);
    clock.at = start;
  });

  test('a store that is full forgets its oldest events and takes new ones', () => {
    const folder = fresh();
    const bytes = 2_000_000;
    using store = open(folder, { ...usualLimits, bytes });
    for (let round = 0; round < 14; round += 1) {
      store.keep(alike(8192, round * 8192), 'kmsg');
      expect(store.commit()).toBeNull();
    }
    const events = [...ask(folder).events({})];
    expect(events[0]?.at).toBe(start + 14 * 8192 - 1);
    expect(events.length).toBeGreaterThan(20_000);
    expect(statSync(join(folder, 'events.db')).size).toBeLessThan(1.3 * bytes);
  });
});

describe('a store that cannot be written', () => {
  test('is held by another, who is named', () => {
    const folder = fresh();
    using _ = open(folder);
    const second = openStore(folder, { clock, writer: 'another' });
    expect(second).toMatchObject({ ok: false, problems: [{ code: 'store-refused' }] });
    expect(second.ok ? '' : second.problems[0]?.message).toContain(`(a test, process ${process.pid})`);
  });

  test.each([
    ['no database', 'this is a text, and no database at all'.repeat(100)],
    ['damaged at its head', null],
  ])('%s: it is moved aside, and another begun', (_, text) => {
    const folder = fresh();
    if (text !== null) writeFileSync(join(folder, 'events.db'), text);
    else {
      open(folder)[Symbol.dispose]();
      execFileSync('dd', [
        'if=/dev/urandom',
        `of=${join(folder, 'events.db')}`,
        'bs=2000',
        'count=1',
        'conv=notrunc',
        'status=none',
      ]);
    }
    using store = open(folder);
    expect(store.notices).toEqual([expect.stringContaining('moved to')]);
    expect(readdirSync(folder).filter((name) => name.includes('.damaged-'))).toHaveLength(1);
    store.keep(batchOf([{ at: 0 }]), 'kmsg');
    expect(store.commit()).toBeNull();
    expect([...ask(folder).events({})]).toHaveLength(1);
  });

  test('was written by a later palisade', () => {
    const folder = fresh();
    open(folder)[Symbol.dispose]();
    new DatabaseSync(join(folder, 'events.db')).exec('PRAGMA user_version = 99');
    const refused = { ok: false, problems: [{ code: 'store-refused', message: expect.stringContaining('later palisade') }] };
    expect(openStore(folder, { clock, writer: 'a test' })).toMatchObject(refused);
    expect(openReading(folder)).toMatchObject(refused);
  });

  test('was written by an earlier palisade: it is read as it is, and is of the new form once somebody writes it', () => {
    const folder = fresh();
    {
      using store = open(folder);
      store.incident(incident);
      store.commit();
    }
    const earlier = new DatabaseSync(join(folder, 'events.db'));
    earlier.exec(
      'ALTER TABLE incidents DROP COLUMN remedy; DROP TABLE logged; DROP INDEX incidents_open; PRAGMA user_version = 1',
    );
    earlier.close();
    expect(ask(folder).incident(incident.id)).toMatchObject({ title: incident.title, remedy: '' });
    expect(acknowledge(folder, incident.id, 'kim', start)).toMatchObject({ ok: true });
    const later = { ...incident, id: 'later', remedy: 'Do it.' };
    {
      using store = open(folder);
      store.incident(later);
      expect(store.commit()).toBeNull();
    }
    expect(ask(folder).incident('later')).toMatchObject({ remedy: 'Do it.' });
    expect(ask(folder).incident(incident.id)).toMatchObject({ remedy: '', acknowledged: { by: 'kim' } });
    const now = new DatabaseSync(join(folder, 'events.db'), { readOnly: true });
    expect(now.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 });
    now.close();
  });

  test('is not there', () => {
    const folder = fresh();
    expect(openReading(folder)).toMatchObject({
      ok: false,
      problems: [{ code: 'unread', hint: expect.stringContaining('palisade up') }],
    });
    expect(existsSync(join(folder, 'events.db'))).toBe(false);
    writeFileSync(join(folder, 'file'), '');
    expect(openStore(join(folder, 'file', 'state'), { clock, writer: 'a test' })).toMatchObject({
      ok: false,
      problems: [{ code: 'state-unwritable' }],
    });
  });

  test('is taken away or damaged while it is written: another is begun, and cursors are in it', () => {
    const folder = fresh();
    using store = open(folder);
    store.keep(batchOf([{ at: 0 }]), 'kmsg');
    store.reached('kmsg', '1');
    store.commit();
    for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `events.db${end}`));
    store.keep(batchOf([{ at: 1, prefix: 'B ' }, { at: 2 }]), 'kmsg');
    expect(store.commit()).toBeNull();
    expect(store.notices).toEqual([expect.stringContaining('was taken away')]);
    expect([...ask(folder).events({})].map(({ packet }) => packet.prefix)).toEqual(['FW-DROP', 'B']);
    expect(new DatabaseSync(join(folder, 'events.db')).prepare('SELECT cursor FROM cursors').get()).toEqual({ cursor: '1' });
  });

  test('a disk that is full takes nothing, what is lost is counted, and it goes on when there is room', () => {
    const folder = fresh();
    const program = `
      import { execFileSync } from 'node:child_process';
      const folder = process.argv[1];
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]);
      const { openReading, openStore } = await import(${JSON.stringify(join(import.meta.dirname, 'index.ts'))});
      const { batchOf, start } = await import(${JSON.stringify(join(import.meta.dirname, '../watch/detect/made.fixture.ts'))});
      using store = openStore(folder, { clock: { now: () => start }, writer: 'a test' }).value;
      const batch = batchOf(Array.from({ length: 1000 }, (_, at) => ({ at })));
      let problem = null;
      let kept = 0;
      for (let round = 0; problem === null && round < 100; round += 1) {
        store.keep(batch, 'kmsg');
        problem = store.commit();
        if (problem === null) kept += 1000;
      }
      using reading = openReading(folder).value;
      const full = { problem, kept, notKept: store.notKept, there: [...reading.events({})].length };
      execFileSync('mount', ['-o', 'remount,size=16m', folder]);
      store.keep(batchOf([{ at: 5_000_000, prefix: 'AGAIN ' }]), 'kmsg');
      const after = { problem: store.commit(), prefix: [...reading.events({ most: 1 })][0].packet.prefix, losses: reading.losses(0) };
      console.log(JSON.stringify({ full, after }));`;
    const said = execFileSync('unshare', ['-m', process.execPath, '--input-type=module', '-e', program, folder]).toString();
    const { full, after } = JSON.parse(said);
    expect(full.problem).toMatchObject({ code: 'store-failed', message: expect.stringContaining('the disk is full') });
    expect(full).toMatchObject({ notKept: 1000, there: full.kept });
    expect(full.kept).toBeGreaterThan(5000);
    expect(after).toEqual({ problem: null, prefix: 'AGAIN', losses: [{ source: 'store', count: 1000, of: 'events' }] });
  });
});

describe('how it stands', () => {
  const incident = (id: string, more: Partial<Incident> = {}): Incident => ({
    ...{ id, detector: 'finding', severity: 'high', title: id, why: '', remedy: '', sources: [], sourceCount: 0, targets: [] },
    ...{ first: start, last: start, events: 1, evidence: [], spoofable: false, trusted: true, state: 'open' },
    ...more,
  });

  test('counts packets by protocol and prefix, those of many prefixes together, over restarts', () => {
    const folder = fresh();
    const batch = (count: number, prefix: string, proto = 6): Batch =>
      batchOf(Array.from({ length: count }, (_, each) => ({ at: each, prefix, proto })));
    for (const round of [1, 2]) {
      using store = open(folder);
      store.keep(batch(3 * round, 'FW: '), 'kmsg');
      store.keep(batch(2, 'FW: ', 17), 'nflog:1');
      store.keep(batch(5, 'other: '), 'kmsg');
      store.commit();
      store.keep(batch(1, 'FW: '), 'kmsg');
    }
    {
      using asked = ask(folder);
      expect(asked.standing(start).logged).toEqual([
        { proto: 6, prefix: 'FW:', events: 11 },
        { proto: 6, prefix: 'other:', events: 10 },
        { proto: 17, prefix: 'FW:', events: 4 },
      ]);
      expect(asked.standing(start).lastEvent).toBe(start + 5);
    }
    using store = open(folder);
    for (let each = 0; each < 100; each += 1) store.keep(batch(1, `p${each}`), 'kmsg');
    store.commit();
    const { logged } = store.read.standing(start);
    expect(new Set(logged.map(({ prefix }) => prefix)).size).toBe(51);
    expect(logged.find(({ prefix }) => prefix === '(others)')).toMatchObject({ proto: 6, events: 52 });
    expect(logged.reduce((sum, { events }) => sum + events, 0)).toBe(125);
  });

  test('says what is open and whether somebody attends to it', () => {
    const folder = fresh();
    {
      using store = open(folder);
      for (const id of ['a', 'b', 'c', 'd']) store.incident(incident(id, id === 'd' ? { state: 'closed' } : {}));
      store.commit();
    }
    acknowledge(folder, 'a', 'me', start);
    silence(folder, 'b', 'me', start + 1000);
    using asked = ask(folder);
    const attended = (now: number) => Object.fromEntries(asked.standing(now).open.map((one) => [one.id, one.attended]));
    expect(attended(start)).toEqual({ a: true, b: true, c: false });
    expect(attended(start + 1000)).toEqual({ a: true, b: false, c: false });
  });

  test('incidents of who reads no log are noted beside whoever writes, and where nobody has written', () => {
    const folder = fresh();
    expect(noteIncidents(folder, [incident('first')], clock, 'a test').ok).toBe(true);
    using store = open(folder);
    store.keep(alike(10), 'kmsg');
    expect(noteIncidents(folder, [incident('beside')], clock, 'a test').ok).toBe(true);
    store.incident(incident('own'));
    expect(store.commit()).toBeNull();
    expect(
      store.read
        .standing(start)
        .open.map(({ id }) => id)
        .sort(),
    ).toEqual(['beside', 'first', 'own']);
  });
});
