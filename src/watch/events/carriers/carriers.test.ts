import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { carrierOf, carriers, journalCursor, LineClock } from '../index.ts';
import { held } from '../lines.fixture.ts';

const file = (name: string): string => readFileSync(new URL(`../../../../testdata/events/${name}`, import.meta.url), 'utf8');
/** What each captured line says, without its time. */
const said = file('kernel-LOG.read.txt').split('\n');
const bootedAt = Date.UTC(2026, 10, 22, 22, 36, 37);

const syn = 'LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 PROTO=TCP SPT=1 DPT=22 WINDOW=512 RES=0x00 SYN URGP=0 ';
const packet = `FW IN=eth0 OUT= MAC=7e:be:ed:25:fa:a8:9a:d9:14:ba:50:14:08:00 SRC=192.0.2.9 DST=192.0.2.1 ${syn}`;
const reads = 'FW eth0: tcp 192.0.2.9:1 → 192.0.2.1:22 SYN';
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const json = (fields: Readonly<Record<string, unknown>>): string => JSON.stringify(fields);
const record = {
  __CURSOR: 's=1;i=2',
  __REALTIME_TIMESTAMP: '1795392591120911',
  _TRANSPORT: 'kernel',
  SYSLOG_IDENTIFIER: 'kernel',
  SYSLOG_FACILITY: '0',
  PRIORITY: '4',
  MESSAGE: packet,
};

describe('captured files', () => {
  it.each([
    ['rsyslog-traditional.log', 'syslog', '2026-11-22T23:23:12.000Z'],
    ['rsyslog-iso.log', 'syslog with ISO time', '2026-11-22T23:23:12.966Z'],
    ['dmesg.log', 'dmesg', '2026-11-22T23:23:12.966Z'],
    ['kernel-LOG.kmsg', 'kmsg', '2026-11-22T23:23:12.966Z'],
  ])('%s says what the kernel logged', (name, form, first) => {
    const { events, passed, form: seen } = held(file(name), new LineClock(Date.UTC(2026, 11, 1), { bootedAt }));
    expect([events.length, passed, seen]).toEqual([30, 0, form]);
    expect(events.map((event) => event.slice(25))).toEqual(said);
    expect(events[0]).toBe(`${first} ${said[0]}`);
  });

  it('journald.json holds three of the kernel’s; one is of a process, one is none', () => {
    expect(held(file('journald.json'))).toMatchObject({
      form: 'journald JSON',
      passed: 2,
      events: [
        '2026-11-23T00:09:51.120Z DL-plain eth0: tcp 10.99.0.1:1992 → 10.99.0.2:8001 SYN',
        '2026-11-23T00:09:51.475Z DL-icmp eth0: icmp 10.99.0.1 → 10.99.0.2 type 8 code 0',
        '2026-11-23T00:09:51.543Z DL-icmp eth0: icmp 10.99.0.1 → 10.99.0.2 type 3 code 1',
      ],
    });
  });

  it('journald.short-iso holds one; `kernel[777]` is a process', () => {
    expect(held(file('journald.short-iso'))).toMatchObject({
      passed: 2,
      events: ['2026-11-23T00:09:51.543Z DL-icmp eth0: icmp 10.99.0.1 → 10.99.0.2 type 3 code 1'],
    });
  });

  it('ulogd.json says the packets that the kernel logged too, and ulogd’s syslog the same', () => {
    const { events, passed, form } = held(file('ulogd.json'));
    expect([events.length, passed, form]).toEqual([9, 0, 'ulogd JSON']);
    const known = new Set(said.map((line) => line.replace(/^\S+ /, '')));
    for (const event of events) expect(known).toContain(event.slice(25).replace(/^\S+ /, ''));
    expect(events[0]).toBe('2026-11-22T23:23:13.255Z NFL-plain eth0: tcp 10.99.0.1:1992 → 10.99.0.2:8001 SYN');
  });

  it('are known by one line', () => {
    for (const [name, carrier] of [
      ['rsyslog-traditional.log', carriers.syslog],
      ['rsyslog-iso.log', carriers.iso],
      ['journald.short-iso', carriers.iso],
      ['dmesg.log', carriers.dmesg],
      ['kernel-LOG.kmsg', carriers.kmsg],
      ['journald.json', carriers.journal],
      ['ulogd.json', carriers.ulogdJson],
    ] as const)
      for (const line of file(name).split('\n').filter(Boolean))
        expect(carrierOf(Buffer.from(line), 0, line.length)).toBe(carrier);
  });
});

describe('traditional syslog', () => {
  const line = (stamp: string): string => `${stamp} fw1 kernel: [   12.345678] ${packet}\n`;
  const timeOf = (stamp: string, now: string, zone = 0): string | undefined =>
    held(line(stamp), new LineClock(Date.parse(now), { zone: () => zone })).events[0]?.slice(0, 19);

  it.each([
    ['Nov  2 03:04:05', '2026-12-01T00:00:00Z', '2026-11-02T03:04:05'],
    ['Dec 31 23:59:59', '2027-01-01T00:00:10Z', '2026-12-31T23:59:59'],
    ['Jan  1 00:00:01', '2027-01-01T00:00:10Z', '2027-01-01T00:00:01'],
    // A clock that is a little behind.
    ['Jan  1 00:00:01', '2026-12-31T23:59:50Z', '2027-01-01T00:00:01'],
    ['Feb 29 12:00:00', '2027-05-01T00:00:00Z', '2024-02-29T12:00:00'],
  ])('%s, read at %s, is of %s', (stamp, now, expected) => {
    expect(timeOf(stamp, now)).toBe(expected);
  });

  it('is of the zone that is handed in', () => {
    expect(timeOf('Jul  1 02:00:00', '2026-12-01T00:00:00Z', 7_200_000)).toBe('2026-07-01T00:00:00');
  });

  it('goes over New Year within a file', () => {
    const lines = ['Dec 31 23:59:59', 'Jan  1 00:00:00', 'Dec 31 23:59:59'].map(line).join('');
    expect(held(lines, new LineClock(Date.UTC(2027, 0, 2))).events.map((event) => event.slice(0, 19))).toEqual([
      '2026-12-31T23:59:59',
      '2027-01-01T00:00:00',
      '2026-12-31T23:59:59',
    ]);
  });

  it('turns the year while it is followed', () => {
    const clock = new LineClock(Date.UTC(2026, 11, 31, 23, 59));
    const first = held(line('Dec 31 23:58:00'), clock).events[0];
    clock.now = Date.UTC(2027, 11, 31, 23, 59);
    const later = held(line('Dec 31 23:58:00'), clock).events[0];
    expect([first?.slice(0, 4), later?.slice(0, 4)]).toEqual(['2026', '2027']);
  });

  it.each(['Nov 31 00:00:00', 'Nov 0 00:00:00', 'Foo  1 00:00:00', 'Nov  1 24:00:00', 'Nov  1 00:60:00', 'Nov  1 0:00:00'])(
    'knows no %s',
    (stamp) => {
      expect(held(line(stamp)).events).toEqual([]);
    },
  );
});

describe('ISO time', () => {
  it.each([
    ['2026-11-22T23:23:15+00:00', '2026-11-22T23:23:15.000Z'],
    ['2026-11-22T23:23:15Z', '2026-11-22T23:23:15.000Z'],
    ['2026-11-22T23:23:15.120911Z', '2026-11-22T23:23:15.120Z'],
    ['2026-11-22T23:23:15.5+01:30', '2026-11-22T21:53:15.500Z'],
    ['2026-11-22T23:23:15.5-0800', '2026-11-23T07:23:15.500Z'],
  ])('%s is %s', (stamp, expected) => {
    expect(held(`${stamp} fw1 kernel: ${packet}\n`).events).toEqual([`${expected} ${reads}`]);
  });

  it.each([
    '2026-11-22 23:23:15Z',
    '2026-13-22T23:23:15Z',
    '2026-11-22T23:23:15',
    '2026-11-22T23:23:15.Z',
    '2026-11-22T23:23:15+1',
  ])('knows no %s', (stamp) => {
    expect(held(`${stamp} fw1 kernel: ${packet}\n`).events).toEqual([]);
  });
});

describe('records of /dev/kmsg', () => {
  it('are the kernel’s if they have its facility, and say other bytes as \\xNN', () => {
    const clock = new LineClock(0, { bootedAt: 1_000_000 });
    const lines = [
      `4,10,1000000,-;${packet}`,
      `12,11,1000100,-;${packet}`,
      `4,12,2000000,-,caller=T1;\\xc3\\xa4\\x5c ${packet}`,
      ' SUBSYSTEM=net',
      `4,13,x,-;${packet}`,
      `4,14,5,- ${packet}`,
    ];
    expect(held(text(lines), clock)).toMatchObject({
      events: [`1970-01-01T00:16:41.000Z ${reads}`, `1970-01-01T00:16:42.000Z ä\\ ${reads}`],
      passed: 4,
    });
  });
});

describe('records of the journal', () => {
  const is = (fields: Readonly<Record<string, unknown>>): readonly string[] =>
    held(`${json({ ...record, ...fields })}\n`).events.map((event) => event.slice(25));

  it('have their fields in any order, their message as text or as numbers', () => {
    expect(is({})).toEqual([reads]);
    expect(is({ MESSAGE: [...Buffer.from(`\xff${packet}`, 'latin1')] })).toEqual([`\ufffd${reads}`]);
    expect(is({ MESSAGE: `"\\/\b\t ä\u{1f600}${packet}` })).toEqual([`"\\/\ufffd\ufffd ä\u{1f600}${reads}`]);
    expect(held(`${json(Object.fromEntries(Object.entries(record).reverse()))}\n`).events).toHaveLength(1);
    expect(
      held(`{ "MESSAGE" : "${packet}" , "_TRANSPORT":"kernel", "X":[1,"]",["2"]], "Y":null, "__REALTIME_TIMESTAMP":"1" }\n`)
        .events,
    ).toHaveLength(1);
  });

  it.each([
    ['another transport', { _TRANSPORT: 'syslog' }],
    ['a transport that is said twice', { _TRANSPORT: ['kernel', 'syslog'] }],
    ['another facility: a process wrote to /dev/kmsg', { SYSLOG_FACILITY: '1' }],
    ['another name', { SYSLOG_IDENTIFIER: 'kernel2' }],
    ['two messages', { MESSAGE: [packet, packet] }],
    ['no message', { MESSAGE: null }],
    ['numbers that are no bytes', { MESSAGE: [...Buffer.from(packet), 256] }],
    ['a line break before the line', { MESSAGE: `x\n${packet}` }],
    ['no time', { __REALTIME_TIMESTAMP: undefined }],
    ['a time that is none', { __REALTIME_TIMESTAMP: '12x' }],
  ])('are none with %s', (_what, fields) => {
    expect(is(fields)).toEqual([]);
  });

  it('are none if they do not read to their end, or say a field twice', () => {
    const whole = json(record);
    for (const line of [
      whole.slice(0, -1),
      `${whole}x`,
      `${whole}${whole}`,
      whole.replace('{', '{"_TRANSPORT":"kernel",'),
      whole.replace('"_TRANSPORT"', '"\\u005fTRANSPORT"'),
      whole.replace('"4"', '{"a":1}'),
    ])
      expect(held(`${line}\n`).events).toEqual([]);
  });

  it('tell their cursor', () => {
    const bytes = Buffer.from(`  ${json(record)}  `);
    expect(journalCursor(bytes, 2, bytes.length - 2)).toBe('s=1;i=2');
    expect(journalCursor(bytes, 3, bytes.length)).toBeNull();
  });
});

describe('ulogd', () => {
  const object = {
    timestamp: '2026-11-22T23:23:13.255176',
    'oob.prefix': 'FW ',
    'oob.in': 'eth0',
    'oob.out': '',
    'oob.mark': 7,
    'raw.pktlen': 40,
    'ip.protocol': 6,
    'ip.ttl': 64,
    src_ip: '192.0.2.9',
    dest_ip: '192.0.2.1',
    src_port: 1,
    dest_port: 22,
    'tcp.syn': 1,
    'tcp.ack': 0,
  };
  const events = (fields: Readonly<Record<string, unknown>>): readonly string[] =>
    held(`${json({ ...object, ...fields })}\n`, new LineClock(0, { zone: () => 3_600_000 })).events;

  it('says its time as local unless it says seconds, and numbers plain or quoted', () => {
    expect(events({})).toEqual([`2026-11-22T22:23:13.255Z ${reads}`]);
    expect(events({ 'oob.time.sec': 1_795_389_793, 'oob.time.usec': 255_176 })).toEqual([`2026-11-22T23:23:13.255Z ${reads}`]);
    expect(events({ dest_port: '22', 'ip.ttl': '64' })).toHaveLength(1);
  });

  it.each([
    ['no source', { src_ip: undefined }],
    ['two families', { src_ip: '::1' }],
    ['a port that is none', { dest_port: 65_536 }],
    ['a port that is half of one', { dest_port: 1.5 }],
    ['a port below 0', { dest_port: -1 }],
    ['a flag that is none', { 'tcp.syn': 2 }],
    ['a link that is too long', { 'oob.in': 'abcdefghijklmnop' }],
    ['an object within', { x: {} }],
    ['a list within', { x: [] }],
  ])('is no event with %s', (_what, fields) => {
    expect(events(fields)).toEqual([]);
  });

  const logemu = `FW IN=eth0 OUT= MAC=7e:be SRC=192.0.2.9 DST=192.0.2.1 LEN=40 TOS=00 PREC=0x00 TTL=64 ID=1 PROTO=TCP SPT=1 DPT=22 SEQ=1 ACK=0 WINDOW=1 SYN URGP=0 MARK=0x0 `;
  it('writes lines of its own, and by syslog', () => {
    expect(held(`Nov 22 23:23:15 fw1 ${logemu}\n`)).toMatchObject({
      form: 'ulogd syslog',
      events: [`2026-11-22T23:23:15.000Z ${reads}`],
    });
    expect(held(`Nov 22 23:23:15 fw1 ulogd[700]: ${logemu}\n`).events).toEqual([`2026-11-22T23:23:15.000Z ${reads}`]);
  });

  it('is not taken for the author where programs write', () => {
    const other = 'Nov 22 23:23:15 fw1 systemd[1]: Started.';
    const forged = `Nov 22 23:23:15 fw1 somebody: ${logemu}`;
    expect(held(text([forged, other, forged])).events).toEqual([]);
    expect(held(text([forged, forged])).events).toHaveLength(2);
    // Known to be ulogd's file.
    expect(held(text([forged]), new LineClock(Date.UTC(2026, 11, 1)), carriers.ulogdSyslog).events).toHaveLength(1);
  });
});

it('the form may change within a file', () => {
  const lines = [
    `Nov 22 23:23:15 fw1 kernel: ${packet}`,
    'Nov 22 23:23:15 fw1 systemd[1]: Started.',
    `2026-11-22T23:23:16.1+00:00 fw1 kernel: ${packet}`,
    `Nov 22 23:23:17 fw1 kernel: ${packet}`,
    json(record),
    `[   12.345678] ${packet}`,
  ];
  expect(held(text(lines), new LineClock(Date.UTC(2026, 11, 1)))).toMatchObject({ passed: 1, form: 'dmesg' });
  expect(held(text(lines)).events).toHaveLength(5);
});
