import { scanKernelLine } from '../scan.ts';
import { hexDigit, pastDigits } from '../span.ts';
import type { Carrier } from './carrier.ts';

/**
 * `4,5829,2798120911,-;MESSAGE`: records of /dev/kmsg (Documentation/ABI/testing/dev-kmsg): priority, number, microseconds since the boot, flags. Only
 * the kernel's own count, which have facility 0: what processes write there carries another one.
 */
export const kmsg: Carrier = {
  name: 'kmsg',
  fits: (bytes, from, to) => pastHead(bytes, from, to) > 0,
  read(bytes, from, to, batch, clock) {
    const message = pastHead(bytes, from, to);
    if (message < 0 || priority > 7) return false;
    batch.at[batch.length] = clock.bootedAt + micros / 1000;
    if (!hasEscape(bytes, message, to)) return scanKernelLine(bytes, message, to, batch);
    const length = writePlain(bytes, message, to);
    return length <= scratch.length && scanKernelLine(scratch, 0, length, batch);
  },
};

/** Of the record whose head was passed last. */
let priority = 0;
let micros = 0;
const scratch = new Uint8Array(4096);

/** Behind `PRIORITY,NUMBER,MICROSECONDS,FLAGS[,…];`; -1 if it does not stand there. */
function pastHead(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  for (let field = 0; field < 3; field += 1) {
    const end = pastDigits(bytes, at, to);
    if (end === at || end - at > 15 || bytes[end] !== 44 || end >= to) return -1;
    let value = 0;
    for (; at < end; at += 1) value = value * 10 + (bytes[at] as number) - 48;
    if (field === 0) priority = value;
    micros = value;
    at = end + 1;
  }
  while (at < to && bytes[at] !== 59) {
    if (bytes[at] === 32) return -1;
    at += 1;
  }
  return at < to ? at + 1 : -1;
}

function hasEscape(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (bytes[at] === 92) return true;
  return false;
}

/** What is not printable ASCII, and the backslash itself, stands as `\xNN`. How long the message is. */
function writePlain(bytes: Uint8Array, from: number, to: number): number {
  let length = 0;
  for (let at = from; at < to; at += 1) {
    let byte = bytes[at] as number;
    if (byte === 92 && bytes[at + 1] === 120 && at + 3 < to) {
      const high = hexDigit(bytes[at + 2] as number);
      const low = hexDigit(bytes[at + 3] as number);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        at += 3;
      }
    }
    scratch[length] = byte;
    length += 1;
  }
  return length;
}
