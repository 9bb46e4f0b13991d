import type { LineClock } from '../line-clock.ts';
import { isDigit, twoDigits } from '../span.ts';
import type { Carrier } from './carrier.ts';
import { readTagged } from './tagged.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const monthKeys = months.map((name) => keyOf(name.charCodeAt(0), name.charCodeAt(1), name.charCodeAt(2)));

/** `Nov  2 23:23:15 HOST PROGRAM: MESSAGE` (RFC 3164): rsyslog's traditional form, syslogd's, and `journalctl -o short`. */
export const syslog: Carrier = {
  name: 'syslog',
  fits: (bytes, from, to) => isStamp(bytes, from, to),
  read(bytes, from, to, batch, clock) {
    const at = stampAt(bytes, from, to, clock);
    if (at === null) return false;
    batch.at[batch.length] = at;
    return readTagged(bytes, from + STAMP, to, batch, clock);
  },
};

/** `Nov  2 23:23:15 `, its blank included. */
export const STAMP = 16;

/** Epoch milliseconds of the stamp at the line's beginning. */
export function stampAt(bytes: Uint8Array, from: number, to: number, clock: LineClock): number | null {
  if (!isStamp(bytes, from, to)) return null;
  const tens = bytes[from + 4] as number;
  const day = (tens === 32 ? 0 : (tens - 48) * 10) + (bytes[from + 5] as number) - 48;
  const month = monthKeys.indexOf(keyOf(bytes[from] as number, bytes[from + 1] as number, bytes[from + 2] as number));
  return clock.withoutYear(month, day, twoDigits(bytes, from + 7), twoDigits(bytes, from + 10), twoDigits(bytes, from + 13));
}

export function isStamp(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < STAMP) return false;
  const tens = bytes[from + 4] as number;
  const hour = twoDigits(bytes, from + 7);
  const minute = twoDigits(bytes, from + 10);
  const second = twoDigits(bytes, from + 13);
  return (
    bytes[from + 3] === 32 &&
    (tens === 32 || (tens >= 48 && tens <= 51)) &&
    isDigit(bytes[from + 5] as number) &&
    bytes[from + 6] === 32 &&
    bytes[from + 9] === 58 &&
    bytes[from + 12] === 58 &&
    bytes[from + 15] === 32 &&
    hour >= 0 &&
    hour < 24 &&
    minute >= 0 &&
    minute < 60 &&
    second >= 0 &&
    second <= 60 &&
    monthKeys.includes(keyOf(bytes[from] as number, bytes[from + 1] as number, bytes[from + 2] as number))
  );
}

function keyOf(first: number, second: number, third: number): number {
  return (first << 16) | (second << 8) | third;
}
