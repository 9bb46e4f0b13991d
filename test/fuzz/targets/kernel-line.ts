import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseKmsgRecord } from '../../../src/kernel/kmsg.ts';
import { formatLoggedPacket, type LoggedPacket } from '../../../src/watch/events/index.ts';
import { scanned } from '../../../src/watch/events/scanned.fixture.ts';
import { promise } from '../promises.ts';
import { bytesOf, filled, type Target, withBytesChanged } from '../target.ts';

const records = readFileSync(join(import.meta.dirname, '../../../testdata/events/kernel-LOG.kmsg'), 'latin1')
  .split('\n')
  .filter((line) => line !== '');
const words = [
  ...[
    'IN=',
    'OUT=',
    'IN=eth0 OUT= ',
    'MAC=',
    'SRC=10.0.0.1 ',
    'DST=10.0.0.2 ',
    'SRC=::1 ',
    'LEN=0 ',
    'LEN=99999999999 ',
    'TTL=-1 ',
    'PROTO=TCP ',
  ],
  ...[
    'PROTO=255 ',
    'SPT=65536 ',
    'DPT=0 ',
    'SYN ',
    'OPT (',
    ') ',
    '[',
    '] ',
    'TYPE=3 CODE=1 ',
    'INCOMPLETE [8 bytes] ',
    'MARK=0x1 ',
    'UID=0 GID=0 ',
  ],
  ...['FRAG:8 ', 'DF ', ' ', '\\x0a', '\\x', '=', '0x', 'ÿ', '\0', '\x1b[31m', ';', ','],
];

/** A record of /dev/kmsg, and the line of the LOG target in it. */
export const kernelLine: Target<Uint8Array> = {
  name: 'kernel log line',
  make(random) {
    const [head = '', ...rest] = random.pick(records).split(' ');
    let line = [head, ...rest].join(' ');
    for (let edit = random.nat(4); edit > 0; edit -= 1) {
      const at = random.nat(line.length + 1);
      line = line.slice(0, at) + random.pick(words) + line.slice(at + random.nat(6));
    }
    return random.once(3) ? withBytesChanged(bytesOf(line), random) : bytesOf(line);
  },
  makeLarge: (random) => bytesOf(`4,1,1,-;${filled(random.once(2) ? random.pick(words) : random.pick(records).slice(20))}`),
  check(bytes) {
    const record = parseKmsgRecord(bytes);
    if (record !== undefined) promise(record.level >= 0 && record.level < 8, 'a level is one of eight');
    const event = scanned(record === undefined ? bytes : record.text);
    if (event !== null) eventHolds(event);
    return event !== null;
  },
};

/** Numbers are of their fields, and what is shown is one line without control characters. */
export function eventHolds(event: LoggedPacket): void {
  const most = { proto: 255, sport: 65535, dport: 65535, icmpType: 255, icmpCode: 255, flags: 255, ttl: 255 } as const;
  for (const [field, limit] of Object.entries(most)) {
    const value = event[field as keyof typeof most];
    promise(value === null || (Number.isInteger(value) && value >= 0 && value <= limit), `${field} ${value} is at most ${limit}`);
  }
  promise(Number.isInteger(event.mark) && event.mark >= 0 && event.mark <= 0xffffffff, `mark ${event.mark} has 32 bits`);
  promise(event.prefix.length <= 128, `the prefix has ${event.prefix.length} characters`);
  const shown = formatLoggedPacket(event);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
  promise(!/[\x00-\x1f\x7f-\x9f]/.test(shown), `no control characters are shown: ${JSON.stringify(shown)}`);
}
