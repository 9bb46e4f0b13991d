import { Batch, carrierOf, eventKinds, LineClock, LineReader, packetAt, readLines } from '../../../src/watch/events/index.ts';
import { hostile, spoilt } from '../log-lines.ts';
import { promise } from '../promises.ts';
import type { Target } from '../target.ts';
import { eventHolds } from './kernel-line.ts';

const now = Date.UTC(2026, 11, 1);

/** A piece of a file: lines of every form, one after the other. */
export const logLines: Target<Uint8Array> = {
  name: 'log lines',
  make(random) {
    const many = Array.from({ length: 1 + random.nat(4) }, () => [...spoilt(random), 10]);
    return Uint8Array.from(many.flat());
  },
  makeLarge: (random) => Uint8Array.from(Buffer.concat([hostile(random, 1_000_000), Buffer.from('\n')])),
  check(bytes) {
    const batch = new Batch(64);
    const reader = new LineReader(new LineClock(now));
    const reached = readLines(bytes, 0, bytes.length, reader, batch);
    promise(reached <= bytes.length, 'reading ends within the bytes');
    const ends = bytes.subarray(0, reached).reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0);
    promise(batch.length + reader.passed === ends, 'each line is an event or is passed over');
    for (let row = 0; row < batch.length; row += 1) holds(batch, row);
    return batch.length > 0;
  },
};

function holds(batch: Batch, row: number): void {
  const event = packetAt(batch, row);
  promise(Number.isFinite(event.at), `the time ${event.at} is one`);
  promise(batch.kind[row] !== undefined && batch.kind[row] <= eventKinds.acceptedLogin, 'the kind is one');
  eventHolds(event);
  const from = batch.textFrom[row] as number;
  const to = from + (batch.textLength[row] as number);
  promise(!batch.text.subarray(from, to).includes(10) && batch.text[to] === 10, 'the text is the line');
  promise(carrierOf(batch.text, from, to) !== null, 'an event’s line has a form');
  agrees(Buffer.from(batch.text.subarray(from, to)).toString('utf8'), batch.kind[row] === eventKinds.packet);
}

/** A record of the journal that is an event is one by what JSON says of it, where JSON can read it. */
function agrees(line: string, isPacket: boolean): void {
  if (!line.startsWith('{') || !line.includes('__REALTIME_TIMESTAMP')) return;
  const fields = parsed(line);
  if (fields === null || fields['src_ip'] !== undefined) return;
  promise(
    fields['_TRANSPORT'] === (isPacket ? 'kernel' : 'syslog') || fields['_TRANSPORT'] === 'journal',
    'its transport says so',
  );
  promise(isPacket || fields['_UID'] === '0', 'only root is sshd');
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}
