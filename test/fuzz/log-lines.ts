/** Lines of logs as they are captured, and what spoils them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from './random.ts';
import { bytesOf, withBytesChanged } from './target.ts';

const files = [
  'rsyslog-traditional.log',
  'rsyslog-iso.log',
  'dmesg.log',
  'kernel-LOG.kmsg',
  'journald.json',
  'journald.short-iso',
  'ulogd.json',
];
const read = (name: string): readonly string[] =>
  readFileSync(join(import.meta.dirname, '../../testdata/events', name), 'latin1')
    .split('\n')
    .filter(Boolean);
export const logins: readonly string[] = [
  'Failed password for invalid user root from 1.2.3.4 port 22 ssh2 from 192.0.2.7 port 40000 ssh2',
  'Invalid user  from 2001:db8::7 port 40000',
  'Accepted publickey for root from 192.0.2.7 port 40000 ssh2: ED25519 SHA256:abc',
  'Connection closed by authenticating user root 192.0.2.7 port 40000 [preauth]',
  'error: maximum authentication attempts exceeded for root from 192.0.2.7 port 40000 ssh2 [preauth]',
];
const sshd = {
  _TRANSPORT: 'syslog',
  _UID: '0',
  _COMM: 'sshd',
  _SYSTEMD_UNIT: 'ssh.service',
  __REALTIME_TIMESTAMP: '1795392591120911',
};

/** Messages of the kernel, without what stands before them. */
export const messages: readonly string[] = read('kernel-LOG.kmsg').map((line) => line.slice(line.indexOf(';') + 1));

/** One of each form at least. */
export const lines: readonly string[] = [
  ...files.flatMap(read),
  'Nov 22 23:23:15 fw1 FW IN=eth0 OUT= MAC=7e:be SRC=192.0.2.9 DST=192.0.2.1 LEN=40 TOS=00 PREC=0x00 TTL=64 ID=1 PROTO=TCP SPT=1 DPT=22 SEQ=1 ACK=0 WINDOW=1 SYN URGP=0 MARK=0x0 ',
  ...logins.flatMap((message) => [`Nov 22 23:23:15 fw1 sshd[7]: ${message}`, JSON.stringify({ ...sshd, MESSAGE: message })]),
];

/** What lines are made of, and what parsers stumble over. */
export const pieces: readonly string[] = [
  ...[
    'IN=',
    'IN= OUT= ',
    'IN=eth0 OUT= ',
    'PHYSIN=',
    'MAC=',
    'SRC=10.0.0.1 ',
    'SRC=::1 ',
    'DST=',
    'LEN=99999999999 ',
    'PROTO=',
    'OPT ( ',
    ') ',
    '[',
    '] ',
  ],
  ...[
    'INCOMPLETE [',
    '1',
    '0x',
    ' ',
    '.',
    ':',
    '::',
    'a',
    '=',
    '#012',
    '\\x0a',
    '\\x',
    '\\u0000',
    '\\',
    '"',
    '":"',
    '{',
    '}',
    '{"":1,',
    '"",',
    ',',
    '[[',
    ']',
  ],
  ...[
    '1,',
    '255,',
    'kernel: ',
    'kernel[1]: ',
    'sshd[1]: ',
    ' for ',
    ' from ',
    ' port 22',
    ' ssh2',
    'Failed password for ',
    'ü',
    '\xff',
    '\0',
    '\t',
    '\r',
  ],
  ...[
    '"_TRANSPORT":"kernel",',
    '"MESSAGE":"',
    '"MESSAGE":[',
    '"tcp.syn":1,',
    '"oob.prefix":"',
    'Nov 22 23:23:15 ',
    '2026-11-22T23:23:15Z ',
    '4,1,1,-;',
    '[ 1.000000] ',
  ],
];

/** A captured line, spoilt a little. */
export function spoilt(random: Random, from = lines): Uint8Array {
  let line = random.pick(from);
  for (let edit = random.nat(4); edit > 0; edit -= 1) {
    const at = random.nat(line.length + 1);
    line = line.slice(0, at) + random.pick(pieces) + line.slice(at + random.nat(6));
  }
  return random.once(3) ? withBytesChanged(bytesOf(line), random) : bytesOf(line);
}

/** A line of about so many bytes that is made to cost: a beginning that fits, and then one thing over and over, or a few in turn. */
export function hostile(random: Random, length: number, from = lines): Uint8Array {
  const some = Array.from({ length: 1 + random.nat(3) }, () => random.pick(pieces)).join('');
  const begin = random.once(4) ? '' : random.pick(from).slice(0, random.nat(random.once(2) ? 400 : 60));
  const end = random.once(2) ? '' : random.pick(from).slice(-random.nat(200));
  const text = begin + some.repeat(Math.ceil(Math.max(1, length - begin.length - end.length) / some.length)) + end;
  return bytesOf(text.replaceAll('\n', ' '));
}
