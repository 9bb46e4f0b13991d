import { closeSync, constants, openSync, readSync } from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { failed, ok, type Result } from '../result.ts';
import { libc, type Readiness } from './libc.ts';

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
  /** The message, with the `\xNN` of /dev/kmsg made bytes again. */
  readonly text: Uint8Array;
}

export interface Kmsg extends Disposable {
  /** What is there now, without waiting, at most 1,000 records; empty when nothing is there. */
  read(): KmsgRecord[];
  /** Records that the kernel overwrote before they were read, since the opening: exact, by their numbers. */
  lost(): number;
  /** Batches as they come, until the signal aborts. `lost` counts since the batch before. One follower at a time. */
  follow(signal: AbortSignal): AsyncIterable<{ readonly records: readonly KmsgRecord[]; readonly lost: number }>;
}

export interface KmsgOptions {
  /** `now`: only what comes; `start`: first what the ring still holds. */
  readonly from: 'now' | 'start';
  /** Another file than /dev/kmsg, for tests: a FIFO, whose writers send a record per write. */
  readonly path?: string;
}

/** The kernel's longest record with its header (PRINTKRB_RECORD_MAX, escaped fourfold); a shorter buffer gives EINVAL. */
const RECORD = 8192;
const RECORDS_AT_ONCE = 1000;
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
  const kmsg = reader(fd);
  // Read and passed over rather than seeked over: the last record's number is what later loss is counted from.
  if (options.from === 'now') while (kmsg.read().length > 0);
  return ok(kmsg);
}

function reader(fd: number): Kmsg {
  const held = Buffer.alloc(RECORD);
  let open = true;
  let expected: number | undefined;
  let missing = 0;
  let readiness: Readiness | undefined;

  function read(): KmsgRecord[] {
    const records: KmsgRecord[] = [];
    while (open && records.length < RECORDS_AT_ONCE) {
      const length = next(fd, held);
      if (length === 0) break;
      const record = parseKmsgRecord(held.subarray(0, length));
      if (record === undefined) continue;
      if (expected !== undefined && record.seq > expected) missing += record.seq - expected;
      expected = record.seq + 1;
      records.push(record);
    }
    return records;
  }

  async function* follow(signal: AbortSignal): AsyncGenerator<{ records: readonly KmsgRecord[]; lost: number }> {
    const calls = libc();
    if (calls.ok) readiness ??= calls.value.readiness(fd);
    let told = missing;
    while (open && !signal.aborted) {
      const records = read();
      if (records.length > 0) {
        yield { records, lost: missing - told };
        told = missing;
        // In a flood there is always something to read: let timers and sockets have their turn.
        await setImmediate();
      } else if (readiness !== undefined) await readiness.wait(signal);
      else await setTimeout(POLL_MS);
    }
  }

  return {
    read,
    lost: () => missing,
    follow,
    [Symbol.dispose]() {
      if (!open) return;
      open = false;
      readiness?.close();
      closeSync(fd);
    },
  };
}

/** One record into the buffer, or 0 if there is none yet. */
function next(fd: number, into: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, into, 0, into.length, null);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EAGAIN') return 0;
      // EPIPE: records were overwritten under us; the next read goes on with the oldest, whose number tells how many.
      if (code !== 'EPIPE' && code !== 'EINTR') throw error;
    }
  }
}

/**
 * Reads `PRIORITY,NUMBER,MICROSECONDS,FLAGS[,…];MESSAGE\n[ KEY=VALUE\n]…`. `undefined` if the bytes are not of that form.
 */
export function parseKmsgRecord(bytes: Uint8Array): KmsgRecord | undefined {
  const numbers: number[] = [];
  let at = 0;
  while (numbers.length < 3) {
    let value = 0;
    const from = at;
    for (let digit = bytes[at]; digit !== undefined && digit >= 48 && digit <= 57; digit = bytes[at]) {
      value = value * 10 + digit - 48;
      at += 1;
    }
    if (at === from || at - from > 20 || bytes[at] !== 44) return undefined;
    numbers.push(value);
    at += 1;
  }
  const semicolon = bytes.indexOf(59, at);
  if (semicolon < 0) return undefined;
  // Later lines are properties (SUBSYSTEM=, DEVICE=), not the message.
  const end = bytes.indexOf(10, semicolon);
  const [priority = 0, seq = 0, sinceBootUs = 0] = numbers;
  return {
    facility: Math.floor(priority / 8),
    level: priority % 8,
    seq,
    sinceBootUs,
    text: unescaped(bytes, semicolon + 1, end < 0 ? bytes.length : end),
  };
}

/** Every byte that is not printable ASCII, and the backslash itself, comes as `\xNN`. */
function unescaped(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const text = new Uint8Array(to - from);
  let length = 0;
  for (let at = from; at < to; at += 1) {
    let byte = bytes[at] as number;
    if (byte === 92 && bytes[at + 1] === 120 && at + 3 < to) {
      const high = hex(bytes[at + 2] as number);
      const low = hex(bytes[at + 3] as number);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        at += 3;
      }
    }
    text[length] = byte;
    length += 1;
  }
  return text.subarray(0, length);
}

function hex(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
