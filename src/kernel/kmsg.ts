import { closeSync, constants, openSync, readSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { failed, ok, type Result } from '../result.ts';
import { errnoName, failedWith, type Libc, libc, type Readiness } from './libc.ts';

/** One record of the kernel's log (Documentation/ABI/testing/dev-kmsg). */
export interface KmsgRecord {
  /** 0 is the kernel itself. Whatever a process writes to /dev/kmsg carries another (1 unless it asks for one). */
  readonly facility: number;
  /** 0 emergency … 7 debug. */
  readonly level: number;
  /** Counts every record since boot. */
  readonly seq: number;
  /** Microseconds of the kernel's own clock since boot; it stands still in suspend and drifts from wall time. */
  readonly sinceBootUs: number;
  /** Bytes of the message, with the `\xNN` of /dev/kmsg made bytes again. */
  readonly length: number;
}

export interface Kmsg extends Disposable {
  /**
   * The next record, its message put into the buffer from `at` on, where {@link kmsgRoom} bytes must be free; `null`: there is none for now.
   * The same object each time. Never waits.
   */
  next(into: Buffer, at: number): KmsgRecord | null;
  /** Records that the kernel overwrote before they were read: exact, by their numbers. */
  lost(): number;
  /** The number of the next record, once one was read or passed over; `null` before. */
  expected(): number | null;
  /** Resolves when there may be another record, or the signal aborts. One at a time. */
  wait(signal: AbortSignal): Promise<void>;
}

export interface KmsgOptions {
  /** `now`: only what comes; `start`: first what the ring still holds. */
  readonly from: 'now' | 'start';
  /** With `start`: the number that an earlier reader had not read yet. What is older is passed over, and what is gone since is lost. */
  readonly expected?: number;
  /** Another file than /dev/kmsg, for tests: a FIFO, whose writers send a record per write. */
  readonly path?: string;
}

/** The kernel's longest record with its header (PRINTKRB_RECORD_MAX, escaped fourfold); a shorter buffer gives EINVAL. */
export const kmsgRoom = 8192;
/** How often to look without koffi's help. */
const POLL_MS = 100;

/**
 * Opens the kernel's log. One read gives one record; nothing ever blocks: a blocking read would hold a thread of
 * Node's pool, and the process could not end before the next kernel message.
 *
 * Needs CAP_SYSLOG where kernel.dmesg_restrict is 1, and read permission on /dev/kmsg (root's on Debian).
 */
export function openKmsg(options: KmsgOptions): Result<Kmsg> {
  const path = options.path ?? '/dev/kmsg';
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return failed({
      code: 'unread',
      message: `the kernel's log cannot be read (${path}: ${codeOf(error)})`,
      hint: 'run as root',
    });
  }
  const kmsg = reader(fd, options.expected);
  // Read and passed over rather than seeked over: the last record's number is what later loss is counted from.
  if (options.from === 'now') {
    const passed = Buffer.alloc(kmsgRoom);
    while (kmsg.next(passed, 0) !== null);
  }
  return ok(kmsg);
}

function reader(fd: number, first: number | undefined): Kmsg {
  const loaded = libc();
  const calls = loaded.ok ? loaded.value : null;
  const held = Buffer.alloc(kmsgRoom);
  const record = { facility: 0, level: 0, seq: 0, sinceBootUs: 0, length: 0 };
  let open = true;
  let expected = first;
  let missing = 0;
  let readiness: Readiness | undefined;
  return {
    next(into, at) {
      while (open) {
        const length = calls === null ? readByNode(fd, held) : readByLibc(calls, fd, held);
        if (length === 0) return null;
        const parsed = parseKmsgHeader(held, length, record);
        if (parsed < 0) continue;
        if (expected !== undefined) {
          if (record.seq < expected) continue;
          missing += record.seq - expected;
        }
        expected = record.seq + 1;
        record.length = withoutEscapes(held, parsed, length, into, at);
        return record;
      }
      return null;
    },
    lost: () => missing,
    expected: () => expected ?? null,
    async wait(signal) {
      if (!open || signal.aborted) return;
      if (calls === null) await setTimeout(POLL_MS);
      else {
        readiness ??= calls.readiness(fd);
        await readiness.wait(signal);
      }
    },
    [Symbol.dispose]() {
      if (!open) return;
      open = false;
      readiness?.close();
      closeSync(fd);
    },
  };
}

/** One record into the buffer, or 0 if there is none yet. An error costs no exception, and each time that nothing is left is one. */
function readByLibc(calls: Libc, fd: number, into: Buffer): number {
  for (;;) {
    const length = calls.read(fd, into);
    if (length >= 0) return length;
    if (failedWith(length, 'EAGAIN')) return 0;
    // EPIPE: records were overwritten under us; the next read goes on with the oldest, whose number tells how many.
    if (!failedWith(length, 'EPIPE') && !failedWith(length, 'EINTR'))
      throw new Error(`read the kernel's log: ${errnoName(length)}`);
  }
}

function readByNode(fd: number, into: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, into, 0, into.length, null);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EAGAIN') return 0;
      if (code !== 'EPIPE' && code !== 'EINTR') throw error;
    }
  }
}

/** What stands before a record's message. */
type Header = { -readonly [key in Exclude<keyof KmsgRecord, 'length'>]: number };

/** Reads `PRIORITY,NUMBER,MICROSECONDS,FLAGS[,…];`. Answers where the message begins, or -1 where the bytes are not of that form. */
function parseKmsgHeader(bytes: Uint8Array, length: number, into: Header): number {
  let at = 0;
  for (let field = 0; field < 3; field += 1) {
    let value = 0;
    const from = at;
    for (let digit = bytes[at] as number; at < length && digit >= 48 && digit <= 57; digit = bytes[at] as number) {
      value = value * 10 + digit - 48;
      at += 1;
    }
    if (at === from || at - from > 20 || at >= length || bytes[at] !== 44) return -1;
    if (field === 0) {
      into.facility = Math.floor(value / 8);
      into.level = value % 8;
    } else if (field === 1) into.seq = value;
    else into.sinceBootUs = value;
    at += 1;
  }
  while (at < length && bytes[at] !== 59) at += 1;
  return at < length ? at + 1 : -1;
}

/** A record as a value, with its message; `undefined` if the bytes are none. */
export function parseKmsgRecord(bytes: Uint8Array): (KmsgRecord & { readonly text: Uint8Array }) | undefined {
  const header = { facility: 0, level: 0, seq: 0, sinceBootUs: 0 };
  const from = parseKmsgHeader(bytes, bytes.length, header);
  if (from < 0) return undefined;
  const text = new Uint8Array(bytes.length);
  const length = withoutEscapes(bytes, from, bytes.length, text, 0);
  return { ...header, length, text: text.subarray(0, length) };
}

/**
 * Copies a message. Every byte that is not printable ASCII, and the backslash itself, comes as `\xNN`. Later lines are properties
 * (SUBSYSTEM=, DEVICE=), not the message.
 */
function withoutEscapes(bytes: Uint8Array, from: number, to: number, into: Uint8Array, start: number): number {
  let length = start;
  for (let at = from; at < to; at += 1) {
    let byte = bytes[at] as number;
    if (byte === 10) break;
    if (byte === 92 && bytes[at + 1] === 120 && at + 3 < to) {
      const high = hex(bytes[at + 2] as number);
      const low = hex(bytes[at + 3] as number);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        at += 3;
      }
    }
    into[length] = byte;
    length += 1;
  }
  return length - start;
}

function hex(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
