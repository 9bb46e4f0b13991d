import type { Batch } from './batch.ts';
import { type Carrier, carrierOf, carriers, namesProgram } from './carriers/index.ts';
import type { LineClock } from './line-clock.ts';

/** Bytes of the longest line that is looked at: a record of the journal with a message of 2 KiB, each byte as a number. */
export const LONGEST = 32_768;
/** Of a file, so many bytes are looked at before the first line is read. */
const FIRST_LOOK = 65_536;

/** What is remembered of a file or stream of lines from one piece to the next. */
export class LineReader {
  readonly clock: LineClock;
  /** The form of its lines as far as they have been seen. It may change within a file, as when a system is upgraded. */
  carrier: Carrier | null;
  /** Lines that held no event, since the beginning. */
  passed = 0;
  /** Inside of a line that is too long, whose end has not come. */
  isWithin = false;
  /** Programs that name themselves write into it. Then nothing is of ulogd that does not name it. */
  isShared = false;
  /** Whether it is, the first bytes have been looked at for. */
  private hasLooked: boolean;

  /** @param carrier the form of all lines; left out: as each line shows. */
  constructor(clock: LineClock, carrier: Carrier | null = null) {
    this.clock = clock;
    this.carrier = carrier;
    this.hasLooked = carrier !== null;
  }

  /** Looks at the first bytes for lines of programs, before any line is read. */
  look(bytes: Uint8Array, from: number, to: number): void {
    if (this.hasLooked || from === to) return;
    this.hasLooked = true;
    const limit = Math.min(to, from + FIRST_LOOK);
    for (let at = from; at < limit && !this.isShared; ) {
      const end = lineEnd(bytes, at);
      if (end < 0 || end >= limit) return;
      this.isShared = namesProgram(bytes, at, end);
      at = end + 1;
    }
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
  reader.look(bytes, from, to);
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
  if (form === carriers.ulogdSyslog && reader.isShared) form = carriers.syslog;
  if (form === null || form === carrier) return false;
  reader.carrier = form;
  if (namesProgram(bytes, from, to)) reader.isShared = true;
  return form.read(bytes, from, to, batch, clock);
}
