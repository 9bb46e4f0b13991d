import type { Batch } from '../batch.ts';
import type { LineClock } from '../line-clock.ts';
import { isDigit, twoDigits } from '../span.ts';
import type { Carrier } from './carrier.ts';
import { readTagged, readTaggedAhead } from './tagged.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const monthKeys = months.map((name) => keyOf(name.charCodeAt(0), name.charCodeAt(1), name.charCodeAt(2)));

/** `Nov  2 23:23:15 HOST PROGRAM: MESSAGE` (RFC 3164): rsyslog's traditional form, syslogd's, and `journalctl -o short`. */
export const syslog: Carrier = {
  name: 'syslog',
  fits: (bytes, from, to) => stamp(bytes, from, to),
  read: (bytes, from, to, batch, clock) =>
    readStamp(bytes, from, to, batch, clock) && readTagged(bytes, from + STAMP, to, batch, clock),
  readAhead: (bytes, from, limit, batch, clock) =>
    readStamp(bytes, from, limit, batch, clock) ? readTaggedAhead(bytes, from + STAMP, limit, batch) : -1,
};

/** `Nov  2 23:23:15 `, its blank included. */
export const STAMP = 16;

/** Of the stamp that was read last. */
let month = 0;
let day = 0;
let hour = 0;
/** Since the hour began. */
let second = 0;

/** The time of a line that begins with such a stamp, into the row. */
export function readStamp(bytes: Uint8Array, from: number, to: number, batch: Batch, clock: LineClock): boolean {
  return stamp(bytes, from, to) && clock.withoutYear(month, day, hour, second, batch.at, batch.length);
}

/** Reads the stamp; `false` if the line does not begin with one. */
export function stamp(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < STAMP) return false;
  if (bytes[from + 3] !== 32 || bytes[from + 6] !== 32 || bytes[from + 15] !== 32) return false;
  if (bytes[from + 9] !== 58 || bytes[from + 12] !== 58) return false;
  const tens = bytes[from + 4] as number;
  const ones = bytes[from + 5] as number;
  if ((tens !== 32 && (tens < 48 || tens > 51)) || !isDigit(ones)) return false;
  hour = twoDigits(bytes, from + 7);
  const minutes = twoDigits(bytes, from + 10);
  const seconds = twoDigits(bytes, from + 13);
  if (hour < 0 || hour > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60) return false;
  second = minutes * 60 + seconds;
  day = (tens === 32 ? 0 : (tens - 48) * 10) + ones - 48;
  const key = keyOf(bytes[from] as number, bytes[from + 1] as number, bytes[from + 2] as number);
  // Nearly every line is of the month of the one before.
  if (monthKeys[month] !== key) month = Math.max(0, monthKeys.indexOf(key));
  return monthKeys[month] === key;
}

function keyOf(first: number, second: number, third: number): number {
  return (first << 16) | (second << 8) | third;
}
