import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { exampleHost } from '../../audit/example-host.ts';
import { empty, guide, hardened4, hardened6, oneLink } from '../../audit/examples.ts';
import { type Audited, auditAndExposure } from '../../audit/index.ts';
import type { Host } from '../../model/host/index.ts';
import { parseAddress } from '../../model/net/index.ts';
import { acknowledge, openReading } from '../../store/index.ts';
import { defaultSettings } from '../config/index.ts';
import type { DriftFoundJson } from '../drift-shape.ts';
import { createCounting } from './counting.ts';
import type { DriftTeller } from './drift.ts';
import { exposureState } from './of-host.ts';
import { contactsOf, createOwnIncidents, type Moment } from './own-incidents.ts';

const minute = 60_000;
const day = 1440 * minute;

const listeners = [
  { proto: 'tcp', port: 22, process: 'sshd' },
  { proto: 'udp', port: 45_000, process: 'resolver' },
];
/** Each is audited once. */
const made = new Map<string, { readonly host: Host; readonly audited: Audited }>();
function host(v4: string | null, more: object = {}): Host {
  const key = JSON.stringify([v4, more], (_, value: unknown) => (value === undefined ? 'left out' : value));
  const before = made.get(key);
  if (before !== undefined) return before.host;
  const read = exampleHost({ v4, v6: hardened6, facts: { ...oneLink, listeners, ...more } });
  made.set(key, { host: read, audited: auditAndExposure(read) });
  return read;
}

function drift(more: Partial<DriftFoundJson> | null = null): Moment['drift'] {
  const found = {
    ...{
      kind: 'drift',
      at: 0,
      drifted: false,
      says: [],
      changes: [],
      more: 0,
      counts: [],
      packets: [],
      announced: null,
      unknown: [],
    },
    ...{ baseline: { id: 'b', at: 0, reason: 'accepted', policy: false } },
    ...more,
  } as unknown as DriftFoundJson;
  const state: DriftTeller['state'] = () =>
    more === null ? { known: false, why: 'nobody looked', remedy: 'wait' } : ({ known: true } as never);
  return { found: more === null ? null : found, by: null, state };
}

/** A state folder, and whoever keeps its incidents, who may be started anew. */
function watched(learn = '7d') {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'palisade-own-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const clock = { at: Date.UTC(2026, 10, 1), now: () => clock.at };
  const settings = { ...defaultSettings, watch: { ...defaultSettings.watch, 'learn-destinations': learn } };
  const accepted = join(folder, 'accepted.yaml');
  const begin = () => createOwnIncidents({ clock, stateFolder: folder, settings }, { drift: true }, 'a test');
  const count = createCounting(accepted, clock.now);
  let own = begin();
  return {
    folder,
    clock,
    accepted,
    restart() {
      own = begin();
    },
    own: () => own,
    async read(read: Host, more: Partial<Moment> = {}): Promise<string[]> {
      const audited = [...made.values()].find((one) => one.host === read)?.audited ?? auditAndExposure(read);
      const counted = await count({ host: read, report: audited.report });
      const backup = { known: true, value: { last: null, failing: null } } as const;
      const moment: Moment = {
        ...{ host: read, counted, exposure: exposureState(audited), drift: drift({}), backup, contacts: [], ...more },
      };
      return own
        .read(moment)
        .map(({ change, incident }) => `${change} ${incident.detector} ${incident.severity} ${incident.title}`);
    },
    stored(detector?: string) {
      const opened = openReading(folder);
      if (!opened.ok) throw new Error(opened.problems[0]?.message);
      using store = opened.value;
      return store.incidents({ state: 'open', ...(detector !== undefined && { detector }) });
    },
  };
}

test('grave findings are incidents, once, over restarts, until they are gone', async () => {
  const { read, restart, clock, stored } = watched();
  const opened = await read(host(guide));
  expect(opened).toContain('opened finding high Loopback traffic is dropped (INPUT; TCP, UDP and ICMP) (IPv4)');
  expect(opened.every((line) => /^opened finding (high|critical) /.test(line))).toBe(true);
  // Many of one kind are one.
  expect(opened.filter((line) => line.includes('never reached')).length).toBeLessThan(2);
  const [one] = stored('finding');
  expect(one?.remedy.length).toBeGreaterThan(10);
  clock.at += minute;
  expect(await read(host(guide))).toEqual([]);
  restart();
  clock.at += minute;
  expect(await read(host(guide))).toEqual([]);
  clock.at += minute;
  const closed = await read(host(hardened4));
  expect(closed.map((line) => line.replace('closed', 'opened')).sort()).toEqual(opened.toSorted());
  expect(stored()).toEqual([]);
});

test('what the audit could not tell any more is not over', async () => {
  const { read, clock } = watched();
  const opened = await read(host(guide));
  clock.at += minute;
  const unread = await read(host(null));
  expect(unread.filter((line) => line.startsWith('closed'))).toEqual([]);
  clock.at += minute;
  expect((await read(host(hardened4))).length).toBe(opened.length);
});

test('accepted risks are none', async () => {
  const { read, accepted } = watched();
  writeFileSync(accepted, 'accepted:\n  - { check: FW-BASE-04, owner: me, reason: meant, expires: 2027-01-01 }\n');
  const opened = await read(host(guide));
  expect(opened.some((line) => line.includes('Loopback'))).toBe(process.getuid?.() !== 0);
  expect(opened.some((line) => line.includes('Answers'))).toBe(true);
});

test('a port that is open to everyone since is one, until somebody has seen it', async () => {
  const { read, restart, clock, stored, folder } = watched();
  const web = {
    listeners: [...listeners, { proto: 'tcp', port: 8080, process: 'java' }, { proto: 'udp', port: 50_000, process: 'dig' }],
  };
  const open = (more = {}): Host => host(empty, more);
  const ofListeners = (lines: readonly string[]): string[] => lines.filter((line) => line.includes(' listener '));
  expect(ofListeners(await read(open()))).toEqual([]);
  restart();
  clock.at += minute;
  expect(ofListeners(await read(open(web)))).toEqual([
    'opened listener medium java listens on 8080/tcp and everyone may reach it over IPv4',
  ]);
  clock.at += minute;
  expect(ofListeners(await read(open({ listeners: undefined })))).toEqual([]);
  const [one] = stored('listener');
  acknowledge(folder, one?.id ?? '', 'me', clock.at);
  clock.at += minute;
  expect(ofListeners(await read(open(web)))).toEqual([
    'closed listener medium java listens on 8080/tcp and everyone may reach it over IPv4',
  ]);
  restart();
  clock.at += minute;
  expect(ofListeners(await read(open(web)))).toEqual([]);
});

test('a new destination is one for an hour, once what is usual was learned', async () => {
  const { read, clock, restart } = watched('1d');
  const to = (peer: string) => [{ process: 'curl', peer: parseAddress(peer) ?? { family: 4 as const, value: 0n }, port: 443 }];
  await read(host(hardened4), { contacts: to('203.0.113.9') });
  clock.at += 2 * day;
  expect(await read(host(hardened4), { contacts: to('203.0.113.77') })).toEqual([]);
  expect(await read(host(hardened4), { contacts: to('198.51.100.7') })).toEqual([
    'opened destination low curl connects to 198.51.100.0/24 port 443, where it never did before',
  ]);
  restart();
  clock.at += 59 * minute;
  expect(await read(host(hardened4), { contacts: null })).toEqual([]);
  expect(await read(host(hardened4), { contacts: to('198.51.100.7') })).toEqual([]);
  clock.at += 2 * minute;
  expect(await read(host(hardened4), { contacts: [] })).toMatchObject([expect.stringMatching(/^closed destination/)]);
});

test('drift, a failed snapshot and blindness are incidents that end with what they are of', async () => {
  const { read, clock, own } = watched();
  const failing = { known: true, value: { last: null, failing: 'the disk is full' } } as const;
  const drifted = drift({
    drifted: true,
    says: ['IPv4 INPUT: now accepted: 80/tcp'],
    counts: [{ family: 4, table: 'filter', change: 'added', count: 2 }],
  });
  expect(await read(host(hardened4), { backup: failing, drift: drifted })).toEqual([
    'opened backup medium The scheduled snapshot failed: the disk is full',
    'opened drift medium The firewall is not as it was accepted: IPv4 INPUT: now accepted: 80/tcp',
  ]);
  // What cannot be compared any more has not ended by that.
  expect(own().drifted(drift(null))).toEqual([]);
  expect(own().drifted(drift({ unknown: [{ what: 'the IPv4 rules', why: 'hidden', remedy: 'look' }] }))).toEqual([]);
  expect(
    own()
      .drifted(drift({}))
      .map(({ change, incident }) => `${change} ${incident.detector}`),
  ).toEqual(['closed drift']);
  clock.at += minute;
  expect(await read(host(null), { backup: { known: false, why: 'x', remedy: 'y' } })).toEqual([]);
  clock.at += 15 * minute;
  expect(await read(host(null))).toEqual([
    'opened blind medium The IPv4 rules cannot be seen',
    'closed backup medium The scheduled snapshot failed: the disk is full',
  ]);
  clock.at += minute;
  expect(await read(host(hardened4))).toEqual(['closed blind medium The IPv4 rules cannot be seen']);
});

test('what opens packets is graver', async () => {
  const { read } = watched();
  const opened = [{ hook: 'input', exact: true }];
  const packets = [{ family: 4, opened, undecided: null, ways: [], rewrites: null }] as unknown as DriftFoundJson['packets'];
  expect(await read(host(hardened4), { drift: drift({ drifted: true, says: ['all'], packets }) })).toEqual([
    'opened drift high The firewall is not as it was accepted: all',
  ]);
});

test('connections that came in, or stay within, lead nowhere', () => {
  const address = (text: string) => parseAddress(text) ?? { family: 4 as const, value: 0n };
  const one = (localPort: number, peer: string) => ({
    local: address('198.51.100.10'),
    localPort,
    peer: address(peer),
    peerPort: 443,
    process: 'x',
  });
  const all = [one(22, '203.0.113.1'), one(40_000, '127.0.0.1'), one(40_001, '198.51.100.10'), one(40_002, '203.0.113.5')];
  expect(contactsOf(host(hardened4), all)?.map(({ peer }) => peer)).toEqual([address('203.0.113.5')]);
});
