import { Batch, carriers, LineClock, LineReader, type LoggedPacket, packetAt, readLines, scanKernelLine } from './index.ts';
import { parseKernelLine } from './line.fixture.ts';

const header = Buffer.from('Nov 22 23:23:15 fw1 kernel: ');
const at = Date.UTC(2026, 10, 22, 23, 23, 15);
let batch = new Batch(16);

/**
 * The line, read by the scanner alone, in the midst of other bytes, and as the second and third of a file of its like; and by the slow reading.
 *
 * @throws {Error} when they do not all say the same.
 */
export function scanned(line: Uint8Array | string): LoggedPacket | null {
  const bytes = typeof line === 'string' ? new TextEncoder().encode(line) : line;
  // Names are not without end.
  if (batch.names.isFull()) batch = new Batch(16);
  const expected = parseKernelLine(bytes, at);
  agree('alone', bytes, expected, scan(bytes, 0, bytes.length));
  for (const around of [49, 102, 10, 61]) {
    const among = new Uint8Array(bytes.length + 800).fill(around);
    among.set(bytes, 400);
    agree(`among bytes ${around}`, bytes, expected, scan(among, 400, 400 + bytes.length));
  }
  // What stands as printk's stamp is no part of a prefix there.
  if (!bytes.includes(10) && bytes[0] !== 91) for (const read of inFile(bytes)) agree('in a file', bytes, expected, read);
  return expected;
}

function scan(bytes: Uint8Array, from: number, to: number): LoggedPacket | null {
  batch.clear();
  batch.at[0] = at;
  return scanKernelLine(bytes, from, to, batch) ? packetAt(batch, 0) : null;
}

/** The same line three times, so that the later ones may go the short way of lines that begin as one before, and other lines behind it. */
function inFile(line: Uint8Array): (LoggedPacket | null)[] {
  const one = Buffer.concat([header, line, Buffer.from('\n')]);
  const file = Buffer.concat([one, one, one, Buffer.from(`${'x'.repeat(99)}\n`.repeat(10))]);
  batch.clear();
  const reader = new LineReader(new LineClock(at), carriers.syslog);
  readLines(file, 0, file.length, reader, batch);
  if (batch.length === 0) return [null];
  if (batch.length !== 3 || batch.textLength[1] !== one.length - 1)
    throw new Error('a line is not read as the same one before it');
  return [0, 1, 2].map((row) => packetAt(batch, row));
}

function agree(how: string, line: Uint8Array, expected: LoggedPacket | null, got: LoggedPacket | null): void {
  if (shown(expected) === shown(got)) return;
  throw new Error(
    `broken promise: ${how}, the scanner and the slow reading say the same of ${JSON.stringify(Buffer.from(line).toString('latin1'))}:\n${shown(got)}\n${shown(expected)}`,
  );
}

/** All of it, as text that can be compared. */
export function shown(packet: LoggedPacket | null): string {
  return packet === null
    ? 'none'
    : JSON.stringify(Object.entries(packet).sort(), (_, value) => (typeof value === 'bigint' ? String(value) : value));
}
