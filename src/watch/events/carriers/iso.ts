import { isDigit, pastDigits, twoDigits } from '../span.ts';
import type { Carrier } from './carrier.ts';
import { readTagged, readTaggedAhead } from './tagged.ts';

/**
 * `2026-11-22T23:23:15.120911+00:00 HOST PROGRAM: MESSAGE` (RFC 3339): rsyslog's default on newer systems, and `journalctl -o short-iso`, whose
 * offset has no colon up to systemd 254.
 */
export const iso: Carrier = {
  name: 'syslog with ISO time',
  fits: (bytes, from, to) => pastTime(bytes, from, to) > 0,
  read(bytes, from, to, batch, clock) {
    const end = pastTime(bytes, from, to);
    if (end < 0) return false;
    batch.at[batch.length] = time[0] as number;
    return readTagged(bytes, end, to, batch, clock);
  },
  readAhead(bytes, from, limit, batch) {
    const end = pastTime(bytes, from, limit);
    if (end < 0) return -1;
    batch.at[batch.length] = time[0] as number;
    return readTaggedAhead(bytes, end, limit, batch);
  },
};

/** Epoch milliseconds of what {@link pastTime} passed last. In an array, since each number that is no small integer would else be an object. */
const time = new Float64Array(1);
/** The day of the stamp before, as eight digits, and when it began: a day's lines are many. */
let lastDay = -1;
let lastDayAt = 0;
/** What so many digits behind a second are parts of. */
const parts = Array.from({ length: 11 }, (_, digits) => 10 ** digits);

/** Behind the stamp and its blank; -1 if none stands at the line's beginning. */
function pastTime(bytes: Uint8Array, from: number, to: number): number {
  // The shortest: 2026-11-22T23:23:15Z and a blank.
  if (to - from < 21) return -1;
  if (bytes[from + 4] !== 45 || bytes[from + 7] !== 45 || bytes[from + 10] !== 84) return -1;
  if (bytes[from + 13] !== 58 || bytes[from + 16] !== 58) return -1;
  const century = twoDigits(bytes, from);
  const year = twoDigits(bytes, from + 2);
  const month = twoDigits(bytes, from + 5);
  const day = twoDigits(bytes, from + 8);
  const hour = twoDigits(bytes, from + 11);
  const minute = twoDigits(bytes, from + 14);
  const second = twoDigits(bytes, from + 17);
  if (century < 0 || year < 0 || month < 1 || month > 12 || day < 1 || day > 31) return -1;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return -1;
  const key = ((century * 100 + year) * 100 + month) * 100 + day;
  if (key !== lastDay) {
    lastDay = key;
    lastDayAt = Date.UTC(century * 100 + year, month - 1, day);
  }
  let fraction = 0;
  let at = from + 19;
  if (bytes[at] === 46 || bytes[at] === 44) {
    const end = pastDigits(bytes, at + 1, to);
    if (end === at + 1 || end - at > 10) return -1;
    for (let digit = at + 1; digit < end; digit += 1) fraction = 10 * fraction + (bytes[digit] as number) - 48;
    fraction = (1000 * fraction) / (parts[end - at - 1] as number);
    at = end;
  }
  let offset = 0;
  const sign = bytes[at];
  at += 1;
  if (sign !== 90) {
    if ((sign !== 43 && sign !== 45) || at + 4 > to) return -1;
    const hours = twoDigits(bytes, at);
    at += 2;
    if (bytes[at] === 58) at += 1;
    const minutes = at + 2 <= to && isDigit(bytes[at] as number) ? twoDigits(bytes, at) : -1;
    at += 2;
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return -1;
    offset = (hours * 60 + minutes) * (sign === 45 ? -60_000 : 60_000);
  }
  if (at >= to || bytes[at] !== 32) return -1;
  time[0] = lastDayAt + ((hour * 60 + minute) * 60 + second) * 1000 + fraction - offset;
  return at + 1;
}
