import type { Batch } from './batch.ts';
import { type Carrier, carrierOf, carriers } from './carriers/index.ts';
import type { LineClock } from './line-clock.ts';

/** Bytes of the longest line that is looked at: a record of the journal with a message of 2 KiB, each byte as a number. */
export const LONGEST = 32_768;

/** What is remembered of a file or stream of lines from one piece to the next. */
export class LineReader {
  readonly clock: LineClock;
  /** The form of its lines as far as they have been seen. It may change within a file, as when a system is upgraded. */
  carrier: Carrier | null;
  /** Lines that held no event, since the beginning. */
  passed = 0;
  /** Inside of a line that is too long, whose end has not come. */
  isWithin = false;
  /** Programs write into it; `null` while that cannot be told. Then nothing is of ulogd that does not name it. */
  isShared: boolean | null;

  /** @param carrier the form of all lines; left out: as each line shows. */
  constructor(clock: LineClock, carrier: Carrier | null = null) {
    this.clock = clock;
    this.carrier = carrier;
    this.isShared = carrier === null ? null : carrier !== carriers.ulogdSyslog;
  }
}

/**
 * Reads lines until the batch is full or no whole line is left, and answers where it came to: a last line without its end is left. The rows' texts
 * stand in `bytes` itself, which therefore may not change before the batch has been used, and a batch that holds rows takes no other bytes.
 * Lines that are too long are passed over, also over the ends of pieces.
 */
export function readLines(bytes: Uint8Array, from: number, to: number, reader: LineReader, batch: Batch): number {
  if (batch.length > 0 && batch.text !== bytes) throw new Error('a batch holds texts of other bytes');
  batch.text = bytes;
  if (reader.isShared === null) reader.isShared = isShared(bytes, from, to);
  let at = from;
  while (batch.length < batch.capacity) {
    const ahead = reader.isWithin ? -1 : (reader.carrier?.readAhead?.(bytes, at, to, batch, reader.clock) ?? -1);
    if (ahead >= 0) {
      add(batch, at, ahead);
      at = ahead + 1;
      continue;
    }
    const end = lineEnd(bytes, at);
    if (end < 0 || end >= to) {
      if (reader.isWithin || to - at > LONGEST) {
        reader.isWithin = true;
        return to;
      }
      return at;
    }
    if (reader.isWithin) {
      reader.isWithin = false;
      reader.passed += 1;
    } else if (end - at <= LONGEST && readLine(bytes, at, end, reader, batch)) {
      add(batch, at, end);
    } else reader.passed += 1;
    at = end + 1;
  }
  return at;
}

/** The row is an event, whose text stands there. */
function add(batch: Batch, from: number, to: number): void {
  const row = batch.length;
  batch.textFrom[row] = from;
  batch.textLength[row] = to - from;
  batch.length = row + 1;
}

/** Where the line that begins at `at` ends; -1: nowhere. Buffer's search is a third of a Uint8Array's. */
function lineEnd(bytes: Uint8Array, at: number): number {
  return Buffer.prototype.indexOf.call(bytes, 10, at);
}

function readLine(bytes: Uint8Array, from: number, to: number, reader: LineReader, batch: Batch): boolean {
  const { carrier, clock } = reader;
  if (carrier !== null) {
    if (carrier.read(bytes, from, to, batch, clock)) return true;
    if (carrier.fits(bytes, from, to)) return false;
  }
  let form = carrierOf(bytes, from, to);
  if (form === carriers.ulogdSyslog && reader.isShared === true) form = carriers.syslog;
  if (form === null || form === carrier) return false;
  reader.carrier = form;
  return form.read(bytes, from, to, batch, clock);
}

/** Whether a line of syslog is there whose program is named beyond doubt, `kernel:` or with its number. */
function isShared(bytes: Uint8Array, from: number, to: number): boolean | null {
  let seen: boolean | null = null;
  for (let at = from, lines = 0; at < to && lines < 1000; lines += 1) {
    const end = bytes.indexOf(10, at);
    if (end < 0 || end >= to) break;
    if (carriers.syslog.fits(bytes, at, end)) {
      seen = false;
      let program = at + 16;
      while (program < end && bytes[program] !== 32) program += 1;
      while (program < end && bytes[program + 1] !== 32 && bytes[program + 1] !== 61) program += 1;
      if (bytes[program] === 58) return true;
    }
    at = end + 1;
  }
  return seen;
}
