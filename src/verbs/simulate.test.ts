import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { part as drawn } from '../cli/render/simulate.ts';
import { simulate } from './simulate.ts';
import type { SimulatePartJson } from './simulate-shape.ts';
import type { Context } from './verb.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-simulate-'));
afterAll(() => rmSync(folder, { recursive: true }));
const start = Date.UTC(2026, 10, 22, 23, 23, 15);
const now = start + 3_600_000;

type Said = { readonly kind: string; readonly parts: readonly SimulatePartJson[]; readonly problems: readonly string[] };

async function run(files: readonly string[], more: object = {}): Promise<Said> {
  const parts: SimulatePartJson[] = [];
  const context = {
    clock: { now: () => now },
    signal: new AbortController().signal,
    progress: () => undefined,
    part: async (part: unknown) => void parts.push(simulate.output.parse(part)),
  } as unknown as Context;
  const ended = await simulate.run(context, simulate.input.parse({ files, ...more }));
  const problems = 'problems' in ended ? ended.problems.map(({ message }) => message) : [];
  return { kind: ended.kind, parts, problems };
}
const of = <K extends SimulatePartJson['kind']>({ parts }: Said, kind: K) =>
  parts.filter((part): part is Extract<SimulatePartJson, { kind: K }> => part.kind === kind);

function file(name: string, content: string | Uint8Array, at = now): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  utimesSync(path, at / 1000, at / 1000);
  return path;
}

const packet = (src: string, dport: number): string =>
  `FW IN=eth0 OUT= MAC=52:54:00:12:34:56:00:1c:73:a0:99:01:08:00 SRC=${src} DST=198.51.100.1 LEN=44 TOS=0x00 PREC=0x00 TTL=48 ID=1 PROTO=TCP SPT=40000 DPT=${dport} WINDOW=1024 RES=0x00 SYN URGP=0 `;
const iso = (second: number, text: string): string => `${new Date(start + 1000 * second).toISOString()} fw1 kernel: ${text}\n`;
const ports = Array.from({ length: 60 }, (_, at) => 1000 + 7 * at);
const scan = ports.map((port, second) => iso(second, packet('203.0.113.9', port)));

describe('palisade simulate', () => {
  it('says incidents and bans as they are documented', async () => {
    const log = file('scan.log', `${scan.join('')}2026-11-22T23:30:00Z fw1 cron[7]: ${packet('192.0.2.66', 1)}\n`);
    const forgeable = await run([log]);
    expect(forgeable.kind).toBe('found');
    expect(of(forgeable, 'incident')).toMatchObject([
      {
        detector: 'vertical-scan',
        sources: ['203.0.113.9'],
        first: start / 1000,
        last: start / 1000 + 59,
        events: 60,
        severity: expect.stringMatching(/^(critical|high|medium|low|info)$/),
        state: 'closed',
        trusted: false,
      },
    ]);
    expect(of(forgeable, 'ban')).toEqual([]);
    expect(of(forgeable, 'summary')).toMatchObject([
      {
        events: 60,
        passed: 1,
        incidents: 1,
        bans: 0,
        from: start / 1000,
        to: start / 1000 + 59,
        files: [{ file: log, events: 60, passed: 1 }],
      },
    ]);
    const trusted = await run([log], { trustFiles: true });
    const [ban] = of(trusted, 'ban');
    expect(ban).toMatchObject({ source: '203.0.113.9/32', why: expect.stringMatching(/./) });
    // Once it was seen, and before it was over.
    expect(ban?.at).toBeGreaterThan(start / 1000);
    expect(ban?.at).toBeLessThan(start / 1000 + 59);
    expect(ban?.until).toBeGreaterThan(ban?.at ?? 0);
    for (const never of ['203.0.113.9', '192.0.2.1, 203.0.113.0/24'])
      expect(of(await run([log], { trustFiles: true, never: [never] }), 'ban')).toEqual([]);
    const text = trusted.parts.map((part) => drawn(part, { columns: null, paint: (_, plain) => plain })).join('');
    expect(text).toMatch(/^2026-11-22 23:23:\d\d {2}ban {7}203\.0\.113\.9\/32 for \d+ \w+/);
    expect(text).toContain('60 events in 59 s, from 203.0.113.9, to 198.51.100.1');
    expect(text).toContain('One incident in 60 events, from 2026-11-22 23:23:15 to 2026-11-22 23:24:14 UTC.');
  });

  it('reads every form, compressed or not, with or without a year', async () => {
    const forms: Readonly<Record<string, (text: string, second: number) => string>> = {
      syslog: (text, second) =>
        `Nov 22 23:${String(23 + Math.floor((15 + second) / 60))}:${String((15 + second) % 60).padStart(2, '0')} fw1 kernel: [ 12.000001] ${text}\n`,
      dmesg: (text, second) => `[${String(100 + second).padStart(5)}.000000] ${text}\n`,
      journal: (text, second) =>
        `${JSON.stringify({ __REALTIME_TIMESTAMP: String(1000 * (start + 1000 * second)), _TRANSPORT: 'kernel', SYSLOG_IDENTIFIER: 'kernel', MESSAGE: text })}\n`,
    };
    for (const [name, line] of Object.entries(forms)) {
      const text = ports.map((port, second) => line(packet('203.0.113.9', port), second)).join('');
      for (const path of [file(`${name}.log`, text.trimEnd()), file(`${name}.log.gz`, gzipSync(text))]) {
        const said = await run([path], { trustFiles: true });
        expect([path, of(said, 'incident')]).toMatchObject([path, [{ sources: ['203.0.113.9'], events: 60 }]]);
        expect(of(said, 'ban').length).toBeGreaterThan(0);
      }
    }
  });

  it('waits for what is piped in slowly', async () => {
    // The whole program, and a shell's pipe: Node's own are sockets. Once something was said, such a pipe does not wait by itself any more.
    const [first, rest] = [
      file('first.log', `${scan.join('')}${iso(7200, packet('192.0.2.1', 80))}`),
      file('rest.log', iso(7201, packet('192.0.2.1', 81))),
    ];
    const launcher = join(import.meta.dirname, '../../bin/palisade');
    const line = '{ cat "$1"; sleep 1; cat "$2"; } | "$0" simulate - --json';
    const shell = spawn('/bin/sh', ['-c', line, launcher, first, rest], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    shell.stdout.on('data', (piece) => {
      said += piece;
    });
    const [status] = await once(shell, 'close');
    expect(status).toBe(1);
    expect(said).toContain('"file":"standard input","form":"syslog with ISO time","events":62,');
  });

  it('bans nobody anew while a ban lasts, whoever else is heard of in between', async () => {
    const tries = Array.from({ length: 1000 }, (_, at) => 3 * at).flatMap((second) =>
      // One pauses when the other does not, so that their last events are told out of order.
      [0, 1, 2, 3].flatMap((one) =>
        second % (45 + 4 * one) < 30 ? [iso(second, packet(`203.0.113.${one}`, 1000 + second))] : [],
      ),
    );
    const bans = of(await run([file('tries.log', tries.join(''))], { trustFiles: true }), 'ban');
    const [lasts, early] = [new Map<string, number>(), [] as string[]];
    for (const { source, at, until } of bans) {
      if (at < (lasts.get(source) ?? 0)) early.push(`${source} at ${at}`);
      lasts.set(source, until);
    }
    expect(bans.length).toBeGreaterThan(12);
    expect(early).toEqual([]);
  });

  it('reads several as one, in the order of their times', async () => {
    const other = ports.map((port, second) => iso(second, packet('203.0.113.77', port)));
    const whole = await run([file('whole.log', scan.flatMap((line, at) => [line, other[at] as string]).join(''))]);
    const pieces = [
      scan.filter((_, at) => at % 2 === 1),
      scan.filter((_, at) => at % 2 === 0),
      other.slice(20),
      other.slice(0, 20),
    ];
    const apart = await run(pieces.map((lines, at) => file(`piece-${at}.log`, lines.join(''))));
    expect(of(apart, 'incident')).toHaveLength(2);
    const told = (said: Said) =>
      of(said, 'incident')
        .map(({ sources, first, last, events }) => [...sources, first, last, events].join())
        .sort();
    expect(told(apart)).toEqual(told(whole));
    expect(of(apart, 'incident')[0]?.evidence.join('\n')).toContain(
      `SRC=${of(apart, 'incident')[0]?.sources[0]} DST=198.51.100.1`,
    );
    // The last hour holds all; the last minutes hold none of it.
    expect(of(await run([join(folder, 'whole.log')], { since: '2h' }), 'summary')).toMatchObject([{ events: 120, before: 0 }]);
    const late = await run([join(folder, 'whole.log')], { since: '10m' });
    expect(late.kind).toBe('done');
    expect(of(late, 'summary')).toMatchObject([{ events: 0, before: 120, from: null, incidents: 0 }]);
  });

  it('refuses what cannot be read before it says anything', async () => {
    const log = file('one.log', scan.join(''));
    const damaged = file('damaged.log.gz', gzipSync(Buffer.from(scan.join(''))).subarray(0, 200));
    expect(await run([log, join(folder, 'none.log'), folder])).toEqual({
      kind: 'invalid',
      parts: [],
      problems: ['there is no such file', 'it is a folder'],
    });
    expect(await run([damaged])).toMatchObject({ kind: 'invalid', problems: [expect.stringContaining('damaged or cut off')] });
    expect(await run([log], { since: 'soon' })).toMatchObject({ kind: 'invalid', problems: ['--since soon is no time'] });
    expect(await run([log], { never: ['gateway'] })).toMatchObject({
      kind: 'invalid',
      problems: ['--never gateway is no address'],
    });
    expect(await run(['-', log, '-'])).toMatchObject({ kind: 'invalid', problems: ['standard input is named twice'] });
    expect(simulate.input.safeParse({ files: [] }).success).toBe(false);
  });

  it('never shuts out whom facts tell, and says of an empty log that it holds nothing', async () => {
    const facts = file(
      'facts.json',
      JSON.stringify({
        addresses: [{ link: 'eth0', address: '198.51.100.1/24' }],
        routes: [{ to: 'default', via: '203.0.113.9', link: 'eth0' }],
        links: [{ name: 'eth0' }],
      }),
    );
    const log = file('gateway.log', scan.join(''));
    const said = await run([log], { trustFiles: true, facts });
    expect(said.problems).toEqual([]);
    expect(of(said, 'ban')).toEqual([]);
    const empty = await run([file('empty.log', '')]);
    expect(empty).toMatchObject({ kind: 'done', parts: [{ kind: 'summary', events: 0, passed: 0, files: [{ form: null }] }] });
  });
});
