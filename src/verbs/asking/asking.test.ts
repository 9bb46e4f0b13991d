import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { part as eventText } from '../../cli/render/events.ts';
import { part as incidentText } from '../../cli/render/incidents.ts';
import { whole as topText } from '../../cli/render/top.ts';
import { parseAddress, parsePrefix } from '../../model/net/index.ts';
import { openStore } from '../../store/index.ts';
import { batchOf, start } from '../../watch/detect/made.fixture.ts';
import type { Incident } from '../../watch/index.ts';
import { events } from '../events.ts';
import { incidents } from '../incidents.ts';
import { top } from '../top.ts';
import type { Context, Verb } from '../verb.ts';
import { RangeFile } from './ranges.ts';

/** In memory where that can be: a store flushes what it closes. */
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'palisade-asking-'));
const view = { columns: null, paint: (_: unknown, text: string) => text };
afterAll(() => rmSync(folder, { recursive: true }));

const incident: Incident = {
  id: 'vertical-scan-1f',
  detector: 'vertical-scan',
  severity: 'high',
  title: '=cmd|A0 scanned 198.51.100.1',
  why: '30 ports in 3 s',
  remedy: 'Close the ports.',
  sources: [parsePrefix('203.0.113.9'), parsePrefix('2001:db8:1::/64')].flatMap((prefix) => prefix ?? []),
  sourceCount: 2,
  targets: ['198.51.100.1'],
  first: start,
  last: start + 3000,
  events: 30,
  evidence: ['first line', 'last line'],
  spoofable: false,
  trusted: true,
  state: 'open',
};

beforeAll(() => {
  const opened = openStore(folder, { clock: { now: () => start }, writer: 'a test' });
  if (!opened.ok) throw new Error(JSON.stringify(opened.problems));
  using store = opened.value;
  store.keep(
    batchOf([
      { at: -7_200_000 },
      ...Array.from({ length: 12 }, (_, at) => ({ at, src: '1.1.1.1', dport: 22 })),
      ...Array.from({ length: 5 }, (_, at) => ({ at: 100 + at, src: '2001:4860:4860::8888', dst: '2001:db8::1', dport: 443 })),
      { at: 200, src: '192.168.1.1', prefix: '=HYPERLINK("http://x") ', proto: 1, icmpType: 8 },
    ]),
    'kmsg',
  );
  store.keep(batchOf([{ at: 300, kind: 1, src: '1.0.0.1', prefix: 'sshd' }], false), '/var/log/auth.log');
  store.incident(incident);
  store.incident({ ...incident, id: 'syn-flood-2', detector: 'syn-flood', state: 'closed', last: start + 9000, sources: [] });
  store.lost('nflog:5', 7, 'packets', start);
});

async function ask(verb: Verb, input: object, state = folder) {
  const parts: unknown[] = [];
  const context = {
    clock: { now: () => start + 1000 },
    stateFolder: state,
    env: { SUDO_USER: 'anna' },
    signal: new AbortController().signal,
    progress: () => undefined,
    part: async (part: unknown) => void parts.push(verb.output.parse(part)),
  } as unknown as Context;
  const ended = await verb.run(context, verb.input.parse(input));
  return { ...ended, parts };
}
/** Whatever its parts are. */
const shape = (verb: unknown): Verb => verb as Verb;

describe('events', () => {
  test('are the newest that fit, oldest of them first, and what was lost is said', async () => {
    const { kind, parts } = await ask(shape(events), { since: '1h', most: 3 });
    expect(kind).toBe('done');
    expect(parts).toMatchObject([
      { kind: 'event', src: '2001:4860:4860::8888', dport: 443, proto: 'tcp', flags: ['SYN'], from: 'kmsg', trusted: true },
      { src: '192.168.1.1', proto: 'icmp', icmpType: 8, at: start / 1000 + 0.2 },
      { what: 'failed-login', prefix: 'sshd', from: '/var/log/auth.log', trusted: false },
      { kind: 'lost', source: 'nflog:5', count: 7, of: 'packets' },
    ]);
    const lines = parts.map((part) => eventText(part as never, view)).join('');
    expect(lines).toContain('2026-11-22 12:00:00Z  FW-DROP tcp [2001:4860:4860::8888]:40000 → [2001:db8::1]:443  SYN, in eth0');
    expect(lines).toContain('sshd login failed from 1.0.0.1:40000  forgeable');
    expect(lines).toContain('7 packets of nflog:5 were lost');
  });

  test('nothing that fits, while something was lost, is unknown', async () => {
    expect(await ask(shape(events), { since: '1h', port: 9 })).toMatchObject({ kind: 'unknown', parts: [{ kind: 'lost' }] });
    expect(await ask(shape(events), { since: '1s', port: 9 })).toMatchObject({ kind: 'unknown' });
    expect(await ask(shape(events), { since: '2026-12-01', port: 9 })).toMatchObject({ kind: 'done', parts: [] });
  });

  test('as CSV are no formulas', async () => {
    const { document } = (await ask(shape(events), { format: 'csv', source: '192.168.0.0/16' })) as { document: string };
    const [head, row, end] = document.split('\r\n');
    expect(head).toMatch(/^time \(UTC\),what,prefix,/);
    expect(row).toContain(`2026-11-22 12:00:00.200,packet,"'=HYPERLINK(""http://x"")",`);
    expect(end).toBe('');
  });

  test.each([{ since: 'yesterday' }, { source: '1.2.3' }, { target: 'x' }, { proto: 'nothing' }])(
    '%o is refused',
    async (input) => {
      expect(await ask(shape(events), input)).toMatchObject({ kind: 'invalid', problems: [{ code: 'usage' }] });
    },
  );

  test('of a folder without a store: it says what to do', async () => {
    for (const verb of [events, top, incidents])
      expect(await ask(shape(verb), {}, join(folder, 'none'))).toMatchObject({
        kind: 'unread',
        problems: [{ hint: expect.stringContaining('palisade up') }],
      });
  });
});

describe('top', () => {
  test('counts, and says whose addresses they are, and of when that is', async () => {
    const found = (await ask(shape(top), { most: 2 })) as { value: Parameters<typeof topText>[0] };
    expect(found.value).toMatchObject({ by: 'source', events: 19, uncounted: 0, lost: [{ count: 7 }] });
    expect(found.value.rows).toMatchObject([
      { what: '1.1.1.1', events: 12, whose: { country: 'AU', as: 13_335, name: 'Cloudflare, Inc.' } },
      { what: '2001:4860:4860::8888', events: 5, whose: { country: 'US', as: 15_169 } },
    ]);
    expect(found.value.data.map(({ asOf }) => asOf)).toEqual([expect.stringMatching(/^20\d\d-\d\d-\d\d$/), expect.anything()]);
    const text = topText(found.value, view);
    expect(text).toMatch(/1\.1\.1\.1 +12 +63\.2 % +AU +AS13335 Cloudflare, Inc\./);
    expect(text).toContain('Data of countries as of 20');
  });

  test.each([
    ['network', ['1.1.1.0/24', '2001:4860:4860::/64']],
    ['port', ['22/tcp', '443/tcp']],
    ['target', ['198.51.100.1', '2001:db8::1']],
    ['prefix', ['FW-DROP', 'sshd']],
    ['country', ['AU', 'US']],
    ['as', ['AS13335 Cloudflare, Inc.', 'AS15169 Google LLC']],
  ] as const)('by %s', async (by, first) => {
    const found = (await ask(shape(top), { by })) as { value: Parameters<typeof topText>[0] };
    expect(found.value.rows.map(({ what }) => what)).toEqual(expect.arrayContaining([...first]));
    expect(found.value.rows.reduce((sum, { events: count }) => sum + count, 0)).toBe(19);
    expect(found.value.rows[0]?.what).toBe(first[0]);
  });

  test('newer data that somebody put into the state folder go first', async () => {
    const places = join(folder, 'places');
    mkdirSync(places);
    writeFileSync(join(places, 'asn-country-ipv4-num.csv'), '16843008,16843263,ZZ\n');
    const found = (await ask(shape(top), { by: 'country' })) as { value: Parameters<typeof topText>[0] };
    expect(found.value.rows.map(({ what, events: count }) => [what, count])).toEqual([
      ['ZZ', 12],
      ['none', 7],
    ]);
    rmSync(places, { recursive: true });
  });
});

test('a range is found in the bytes of its file, at every edge', () => {
  const four = new RangeFile(Buffer.from('10,19,AA\n20,20,BB,"x ""y"", z"\n30,39,CC'), 4);
  const of = (value: bigint): string | undefined => four.find({ family: 4, value })?.join('|');
  expect([9n, 10n, 19n, 20n, 21n, 30n, 39n, 40n].map(of)).toEqual([
    ...[undefined, 'AA', 'AA', 'BB|x "y", z', undefined, 'CC', 'CC', undefined],
  ]);
  const six = new RangeFile(Buffer.from('2001:db8::,2001:db8:0:ffff::,6\r\n2001:db9::,2001:db9::5,7\r\n'), 6);
  const found = ['2001:db7::', '2001:db8::1', '2001:db8:1::', '2001:db9::5'].map(
    (text) => six.find(parseAddress(text) ?? never())?.[0],
  );
  expect(found).toEqual([undefined, '6', undefined, '7']);
  expect(new RangeFile(Buffer.from(''), 4).find({ family: 4, value: 1n })).toBeNull();
});

describe('incidents', () => {
  test('are listed, shown with their evidence, acknowledged and silenced', async () => {
    const { parts } = await ask(shape(incidents), { open: true });
    expect(parts).toMatchObject([
      { kind: 'incident', id: 'vertical-scan-1f', sources: ['203.0.113.9', '2001:db8:1::/64'], first: start / 1000 },
    ]);
    const seen = await ask(shape(incidents), { what: 'ack', id: 'vert' });
    expect(seen).toMatchObject({ kind: 'done', parts: [{ acknowledged: { by: 'anna', at: start / 1000 + 1 } }] });
    const silenced = await ask(shape(incidents), { what: 'silence', id: 'vert', for: '2h' });
    expect(silenced.parts).toMatchObject([{ silencedUntil: start / 1000 + 7201 }]);
    expect(silenced.parts.map((part) => incidentText(part as never, view)).join('')).toBe(
      'vertical-scan-1f: nobody is told of it until 2026-11-22 14:00:01Z.\n',
    );
    const shown = await ask(shape(incidents), { what: 'show', id: 'vertical-scan-1f' });
    const text = shown.parts.map((part) => incidentText(part as never, view)).join('');
    for (const words of ['30 ports in 3 s', 'first line', 'last line', 'anna has seen it', '2001:db8:1::/64', 'goes on'])
      expect(text).toContain(words);
    expect(await ask(shape(incidents), { what: 'show', id: 'none' })).toMatchObject({ kind: 'invalid' });
    expect(await ask(shape(incidents), { what: 'ack' })).toMatchObject({ kind: 'invalid' });
  });

  test('by detector and by source, as CSV', async () => {
    expect((await ask(shape(incidents), { detector: 'syn-flood' })).parts).toHaveLength(1);
    expect((await ask(shape(incidents), { source: '203.0.113.9' })).parts).toHaveLength(1);
    const { document } = (await ask(shape(incidents), { format: 'csv' })) as { document: string };
    expect(document.split('\r\n')).toHaveLength(4);
    expect(document).toContain(`,'=cmd|A0 scanned 198.51.100.1,`);
  });
});

function never(): never {
  throw new Error('no address');
}
