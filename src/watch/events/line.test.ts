import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, formatAddress, parseAddress } from '../../model/net/index.ts';
import { tcpFlags } from '../../model/packet/index.ts';
import { formatLoggedPacket, type LoggedPacket } from './index.ts';
import { scanned } from './scanned.fixture.ts';

const file = (name: string): string => readFileSync(new URL(`../../../testdata/events/${name}`, import.meta.url), 'utf8');
const captured = file('kernel-LOG.kmsg')
  .split('\n')
  .filter(Boolean)
  .map((line) => line.slice(line.indexOf(';') + 1));

const v4 = 'MAC=7e:be:ed:25:fa:a8:9a:d9:14:ba:50:14:08:00 SRC=10.99.0.1 DST=10.99.0.2 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=46400 ';
const syn = 'PROTO=TCP SPT=1992 DPT=8001 WINDOW=512 RES=0x00 SYN URGP=0 ';
const v6 =
  'SRC=fd99:0000:0000:0000:0000:0000:0000:0001 DST=fd99:0000:0000:0000:0000:0000:0000:0002 LEN=80 TC=0 HOPLIMIT=64 FLOWLBL=7 ';

/** Short enough to read in a table. */
function read(line: string | Uint8Array): string | null {
  const event = scanned(line);
  return event === null ? null : formatLoggedPacket(event).slice('23:23:15Z '.length);
}

describe('captured lines', () => {
  it('are all events, each as it reads', async () => {
    await expect(captured.map(read).join('\n')).toMatchFileSnapshot('../../../testdata/events/kernel-LOG.read.txt');
  });

  it('say the same packets as ulogd read from the same wire', () => {
    const events = captured.map((line) => scanned(line));
    const key = (event: LoggedPacket): string => JSON.stringify(comparable(event));
    const ours = new Set(events.flatMap((event) => (event === null ? [] : [key(event)])));
    const theirs = file('ulogd.json').split('\n').filter(Boolean).map(fromUlogd);
    expect(theirs).toHaveLength(9);
    for (const each of theirs) expect(ours).toContain(JSON.stringify(each));
  });

  it('read the same without the last blank, which carriers cut, and as bytes', () => {
    for (const line of captured) {
      expect(scanned(line.trimEnd())).toEqual(scanned(line));
      expect(scanned(Buffer.from(line))).toEqual(scanned(line));
    }
  });

  it('are no events when cut anywhere before their packet is whole, or never another packet', () => {
    for (const [number, line] of captured.entries()) {
      const whole = scanned(line);
      // Every fourth place of each, another one than in the line before.
      for (let length = number % 4; length < line.length; length += 4) {
        const cut = scanned(line.slice(0, length));
        if (cut === null) continue;
        expect([cut.src, cut.dst, cut.in, cut.prefix]).toEqual([whole?.src, whole?.dst, whole?.in, whole?.prefix]);
      }
    }
  });
});

describe('a line', () => {
  it.each([
    [
      'a prefix glued to IN=',
      `12345678901234567890123456789IN=eth0 OUT= ${v4}${syn}`,
      '12345678901234567890123456789 eth0: tcp 10.99.0.1:1992 → 10.99.0.2:8001 SYN',
    ],
    ['no prefix', `IN=eth0 OUT= ${v4}${syn}`, 'eth0: tcp 10.99.0.1:1992 → 10.99.0.2:8001 SYN'],
    [
      'a prefix that holds SRC= and IN=',
      `SRC=1.2.3.4 IN=x OUT= IN=eth0 OUT= ${v4}${syn}`,
      'SRC=1.2.3.4 IN=x OUT= eth0: tcp 10.99.0.1:1992 → 10.99.0.2:8001 SYN',
    ],
    ['a prefix that ends like a name', `IN=IN=eth0 OUT= ${v4}${syn}`, 'IN= eth0: tcp 10.99.0.1:1992 → 10.99.0.2:8001 SYN'],
    ['a second LEN=', `IN=eth0 OUT= ${v4}PROTO=UDP SPT=1 DPT=53 LEN=8 `, 'eth0: udp 10.99.0.1:1 → 10.99.0.2:53'],
    [
      'a second ID=',
      `IN=eth0 OUT= ${v4}PROTO=ICMP TYPE=8 CODE=0 ID=19231 SEQ=0 `,
      'eth0: icmp 10.99.0.1 → 10.99.0.2 type 8 code 0',
    ],
    [
      'a quoted packet of the sender’s choosing',
      `IN=eth0 OUT= ${v4}PROTO=ICMP TYPE=3 CODE=1 [SRC=1.2.3.4 DST=5.6.7.8 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 PROTO=TCP SPT=22 DPT=23 WINDOW=1 RES=0x00 SYN URGP=0 ] `,
      'eth0: icmp 10.99.0.1 → 10.99.0.2 type 3 code 1',
    ],
    [
      'a quoted packet and an MTU',
      `IN=eth0 OUT= ${v4}PROTO=ICMP TYPE=3 CODE=4 [SRC=1.2.3.4 DST=5.6.7.8 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF PROTO=UDP INCOMPLETE [8 bytes] ] MTU=1400 MARK=0x1 `,
      'eth0: icmp 10.99.0.1 → 10.99.0.2 type 3 code 4',
    ],
    [
      'a redirect',
      `IN=eth0 OUT= ${v4}PROTO=ICMP TYPE=5 CODE=1 GATEWAY=10.0.0.1 [SRC=1.2.3.4 DST=5.6.7.8 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 PROTO=47 ] `,
      'eth0: icmp 10.99.0.1 → 10.99.0.2 type 5 code 1',
    ],
    [
      'ACK=n, which is not the flag',
      `IN=eth0 OUT= ${v4}PROTO=TCP SPT=1 DPT=2 SEQ=934583067 ACK=454589496 WINDOW=512 RES=0x00 SYN URGP=0 `,
      'eth0: tcp 10.99.0.1:1 → 10.99.0.2:2 SYN',
    ],
    [
      'both',
      `IN=eth0 OUT= ${v4}PROTO=TCP SPT=1 DPT=2 SEQ=1 ACK=2 WINDOW=512 RES=0xc0 AE CWR ECE URG ACK PSH RST SYN FIN URGP=9 OPT (020405B4) `,
      'eth0: tcp 10.99.0.1:1 → 10.99.0.2:2 SYN ACK FIN RST PSH URG',
    ],
    [
      'no flags at all',
      `IN=eth0 OUT= ${v4}PROTO=TCP SPT=1 DPT=2 WINDOW=512 RES=0x00 URGP=0 `,
      'eth0: tcp 10.99.0.1:1 → 10.99.0.2:2 no flags',
    ],
    [
      'a decoded MAC',
      `IN=eth0 OUT= MACSRC=9a:d9:14:ba:50:14 MACDST=7e:be:ed:25:fa:a8 MACPROTO=0800 ${v4.slice(46)}${syn}`,
      'eth0: tcp 10.99.0.1:1992 → 10.99.0.2:8001 SYN',
    ],
    [
      'a decoded MAC with VLAN',
      `IN=eth0 OUT= MACSRC=9a:d9:14:ba:50:14 MACDST=7e:be:ed:25:fa:a8 VPROTO=8100 VID=12 MACPROTO=0800 ${v4.slice(46)}${syn}`,
      'eth0: tcp 10.99.0.1:1992 → 10.99.0.2:8001 SYN',
    ],
    ['an empty MAC', `IN=lo OUT= MAC= ${v4.slice(46)}${syn}`, 'lo: tcp 10.99.0.1:1992 → 10.99.0.2:8001 SYN'],
    [
      'a tunnel',
      `IN=sit0 OUT= MAC=45:00 TUNNEL=192.0.2.1->192.0.2.2 ${v6}${syn}`,
      'sit0: tcp [fd99::1]:1992 → [fd99::2]:8001 SYN',
    ],
    [
      'a bridge’s ports',
      `IN=br0 OUT=br0 PHYSIN=vnet0 PHYSOUT=vnet1 ${v4}${syn}`,
      'br0 → br0: tcp 10.99.0.1:1992 → 10.99.0.2:8001 SYN',
    ],
    ['a protocol by number', `IN=eth0 OUT= ${v4}PROTO=132 `, 'eth0: sctp 10.99.0.1 → 10.99.0.2'],
    ['ESP', `IN=eth0 OUT= ${v4}PROTO=ESP SPI=0x4d `, 'eth0: esp 10.99.0.1 → 10.99.0.2'],
    ['a header that is not whole', `IN=eth0 OUT= ${v4}PROTO=TCP INCOMPLETE [8 bytes] `, 'eth0: tcp 10.99.0.1 → 10.99.0.2'],
    ['a later fragment', `IN=eth0 OUT= ${v4}MF FRAG:185 PROTO=TCP `, 'eth0: tcp 10.99.0.1 → 10.99.0.2'],
    ['IP options', `IN=eth0 OUT= ${v4}OPT (94040000) PROTO=2 `, 'eth0: igmp 10.99.0.1 → 10.99.0.2'],
    ['an IPv6 fragment', `IN=eth0 OUT= ${v6}FRAG:1480 INCOMPLETE ID:0000002a PROTO=UDP `, 'eth0: udp fd99::1 → fd99::2'],
    [
      'IPv6 extension headers',
      `IN=eth0 OUT= ${v6}OPT ( ) OPT ( AH SPI=0x1 ) ${syn}`,
      'eth0: tcp [fd99::1]:1992 → [fd99::2]:8001 SYN',
    ],
    ['an unknown extension header', `IN=eth0 OUT= ${v6}Unknown Ext Hdr 255`, 'eth0: unknown fd99::1 → fd99::2'],
    [
      'whose it was, and a mark',
      `IN= OUT=eth0 ${v4.slice(46)}PROTO=UDP SPT=1 DPT=2 LEN=11 UID=0 GID=0 MARK=0x2a `,
      '→ eth0: udp 10.99.0.1:1 → 10.99.0.2:2',
    ],
    [
      'ulogd’s way of it',
      'fw IN=eth0 OUT= MAC=7e:be SRC=10.99.0.1 DST=10.99.0.2 LEN=40 TOS=00 PREC=0x00 TTL=64 ID=1 PROTO=TCP SPT=1 DPT=2 SEQ=1 ACK=0 WINDOW=1 SYN URGP=0 MARK=0x0 ',
      'fw eth0: tcp 10.99.0.1:1 → 10.99.0.2:2 SYN',
    ],
  ])('is read with %s', (_what, line, expected) => {
    expect(read(line)).toBe(expected);
  });

  it('keeps its mark', () => {
    expect(scanned(`IN=eth0 OUT= ${v4}${syn}MARK=0xfffffffe `)?.mark).toBe(0xfffffffe);
  });

  it.each([
    ['nothing', ''],
    [
      'ARP',
      'arp IN=eth0 OUT= ARP HTYPE=1 PTYPE=0x0800 OPCODE=1 MACSRC=9a:d9:14:ba:50:14 IPSRC=10.0.0.1 MACDST=00:00:00:00:00:00 IPDST=10.0.0.2',
    ],
    [
      'a user’s text inside another message of the kernel',
      `overlayfs: unrecognized mount option "FW IN=eth0 OUT= ${v4}${syn}" or missing value`,
    ],
    ['such text behind a line break', `overlayfs: option "\nFW IN=eth0 OUT= ${v4}${syn}\n" unknown`],
    ['words of no grammar', `IN=eth0 OUT= ${v4}${syn}EXTRA `],
    ['two packets', `IN=eth0 OUT= ${v4}${syn}IN=eth0 OUT= ${v4}${syn}`.slice(0, -30)],
    [
      'a quoted packet that quotes another',
      `IN=eth0 OUT= ${v4}PROTO=ICMP TYPE=3 CODE=1 [SRC=1.2.3.4 DST=5.6.7.8 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 PROTO=ICMP TYPE=3 CODE=1 [SRC=1.2.3.4 DST=5.6.7.8 TRUNCATED ] ] `,
    ],
    ['addresses of two families', `IN=eth0 OUT= SRC=10.99.0.1 DST=fd99::1 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 ${syn}`],
    ['a port that is none', `IN=eth0 OUT= ${v4}PROTO=UDP SPT=1 DPT=65536 LEN=8 `],
    ['an address that is none', `IN=eth0 OUT= SRC=10.99.0.256 DST=10.99.0.2 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 ${syn}`],
    ['a link’s name that is too long', `IN=abcdefghijklmnop OUT= ${v4}${syn}`],
    ['a prefix that is too long', `${'x'.repeat(129)}IN=eth0 OUT= ${v4}${syn}`],
    ['a line that is too long', `${' '.repeat(2100)}IN=eth0 OUT= ${v4}${syn}`],
    ['the packet cut away', 'IN=eth0 OUT= MAC=7e:be TRUNCATED'],
  ])('is no event with %s', (_what, line) => {
    expect(scanned(line)).toBeNull();
  });

  it('cannot make a terminal obey', () => {
    const event = scanned(Buffer.from(`\u001b[2Jrot \u202eäö\u00ff: IN=eth\u0007 OUT= ${v4}${syn}`, 'utf8'));
    expect([event?.prefix, event?.in]).toEqual(['\ufffd[2Jrot \ufffdäöÿ:', 'eth\ufffd']);
    expect(scanned(Buffer.from(`\xff\xfe IN=eth0 OUT= ${v4}${syn}`, 'latin1'))?.prefix).toBe('\ufffd\ufffd');
  });

  it('never throws, whatever it is', () => {
    const word = fc.constantFrom(
      'IN=',
      'OUT=',
      ' ',
      'SRC=',
      'DST=',
      '1.2.3.4',
      'LEN=',
      '40',
      '[',
      ']',
      'PROTO=',
      'TCP',
      '0x',
      'INCOMPLETE [',
      'OPT (',
      '\0',
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void scanned(bytes)));
    fc.assert(fc.property(fc.array(word, { maxLength: 60 }), (words) => scanned(words.join('')) === null));
  });

  it('is read alike by both readings, whatever has happened to it', () => {
    const pieces = fc.constantFrom(
      ...captured.flatMap((line) => [line, ...line.split(/(?= )/)]),
      ' ',
      '1',
      '\n',
      '#012',
      'IN=',
      '[',
      ']',
      'ÿ',
    );
    const edit = fc.tuple(fc.nat(300), fc.nat(12), pieces);
    fc.assert(
      fc.property(fc.constantFrom(...captured), fc.array(edit, { maxLength: 3 }), (line, edits) => {
        let changed = line;
        for (const [at, cut, piece] of edits)
          changed = changed.slice(0, at) + (at % 3 > 0 ? piece : '') + changed.slice(at + cut);
        scanned(changed);
      }),
      { numRuns: 600 },
    );
  });
});

describe('what the kernel would print', () => {
  const address = (family: 4 | 6): fc.Arbitrary<Address> =>
    fc.bigInt({ min: 0n, max: family === 4 ? 0xffffffffn : (1n << 128n) - 1n }).map((value) => ({ family, value }));
  const number = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
  const packets = fc.constantFrom(4 as const, 6 as const).chain((family) =>
    fc.record({
      prefix: fc.constantFrom('', 'FW: ', 'a=b IN=', '[INVALID] ', 'SRC=9.9.9.9 ', 'ID=1 LEN=2 '),
      in: fc.constantFrom('', 'eth0', 'br-1a2b3c'),
      out: fc.constantFrom('', 'wg0'),
      src: address(family),
      dst: address(family),
      length: number(65535),
      ttl: number(255),
      proto: fc.constantFrom('TCP', 'UDP', 'ICMP', 'OTHER'),
      a: number(65535),
      b: number(65535),
      flags: number(63),
      sequences: fc.boolean(),
      mark: number(0xffffffff),
    }),
  );
  const full = (value: bigint): string =>
    value
      .toString(16)
      .padStart(32, '0')
      .replace(/(.{4})(?!$)/g, '$1:');

  it('is read back, field by field', () => {
    fc.assert(
      fc.property(packets, (made) => {
        const { family } = made.src;
        const ip = (end: Address): string => (family === 4 ? formatAddress(end) : full(end.value));
        const parts = [`${made.prefix}IN=${made.in} OUT=${made.out} SRC=${ip(made.src)} DST=${ip(made.dst)} LEN=${made.length} `];
        parts.push(family === 4 ? `TOS=0x00 PREC=0x00 TTL=${made.ttl} ID=1 DF ` : `TC=0 HOPLIMIT=${made.ttl} FLOWLBL=0 `);
        const set = (['URG', 'ACK', 'PSH', 'RST', 'SYN', 'FIN'] as const).filter((name) => (made.flags & tcpFlags[name]) !== 0);
        if (made.proto === 'TCP') {
          parts.push(`PROTO=TCP SPT=${made.a} DPT=${made.b} ${made.sequences ? 'SEQ=7 ACK=8 ' : ''}WINDOW=1 RES=0x00 `);
          parts.push(`${set.map((name) => `${name} `).join('')}URGP=0 `);
        } else if (made.proto === 'UDP') parts.push(`PROTO=UDP SPT=${made.a} DPT=${made.b} LEN=9 `);
        else if (made.proto === 'ICMP')
          parts.push(`PROTO=ICMP${family === 4 ? '' : 'v6'} TYPE=${made.a & 255} CODE=${made.b & 255} `);
        else parts.push(`PROTO=${made.a % 256} `);
        if (made.mark !== 0) parts.push(`MARK=0x${made.mark.toString(16)} `);
        const ported = made.proto === 'TCP' || made.proto === 'UDP';
        const numbers = { TCP: 6, UDP: 17, ICMP: family === 4 ? 1 : 58, OTHER: made.a % 256 };
        expect(scanned(parts.join(''))).toEqual({
          at: Date.UTC(2026, 10, 22, 23, 23, 15),
          prefix: made.prefix.trimEnd(),
          in: made.in || null,
          out: made.out || null,
          src: made.src,
          dst: made.dst,
          proto: numbers[made.proto],
          sport: ported ? made.a : null,
          dport: ported ? made.b : null,
          icmpType: made.proto === 'ICMP' ? made.a & 255 : null,
          icmpCode: made.proto === 'ICMP' ? made.b & 255 : null,
          flags: made.proto === 'TCP' ? made.flags : null,
          length: made.length,
          ttl: made.ttl,
          mark: made.mark,
        });
      }),
      { numRuns: 300 },
    );
  });
});

function comparable(event: Omit<LoggedPacket, 'at' | 'prefix' | 'ttl' | 'length' | 'icmpCode'>): readonly unknown[] {
  const { src, dst, proto, sport, dport, icmpType, flags, mark } = event;
  return [event.in, event.out, formatAddress(src), formatAddress(dst), proto, sport, dport, icmpType, flags, mark];
}

/** ulogd2's flat keys. */
function fromUlogd(line: string): readonly unknown[] {
  const json = JSON.parse(line) as Record<string, string | number | undefined>;
  const number = (key: string): number | null => (typeof json[key] === 'number' ? json[key] : null);
  const address = (key: string): Address => parseAddress(String(json[key])) as Address;
  const proto = number('ip.protocol');
  const names = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg'];
  return comparable({
    in: String(json['oob.in']) || null,
    out: String(json['oob.out']) || null,
    src: address('src_ip'),
    dst: address('dest_ip'),
    proto,
    sport: number('src_port'),
    dport: number('dest_port'),
    icmpType: number('icmp.type'),
    icmpCode: number('icmp.code'),
    flags: proto === 6 ? names.reduce((sum, name, bit) => sum | ((number(`tcp.${name}`) ?? 0) << bit), 0) : null,
    mark: number('oob.mark') ?? 0,
  } as LoggedPacket);
}
