/**
 * `npm run soak -- hostile [--megabytes N] [--seed N]`: so many megabytes of lines that are made to cost (10 unless said) go through every parser of logs. None may
 * throw, and no line may cost more than 50 µs a KiB of it. Prints the worst line of each parser. A line's cost is the least of many, so that what else the machine does
 * does not count.
 */
import { parseArgs } from 'node:util';
import { parseKmsgRecord } from '../../src/kernel/kmsg.ts';
import {
  Batch,
  type Carrier,
  carrierOf,
  carriers,
  journalCursor,
  LineClock,
  LineReader,
  parsePacketInto,
  readLines,
  readSshdMessage,
  scanKernelLine,
} from '../../src/watch/events/index.ts';
import { lines as captured, hostile, logins, messages, spoilt } from '../fuzz/log-lines.ts';
import { randomOf } from '../fuzz/random.ts';
import { createHolding } from './holding.ts';

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
});
const { say, holds, end } = createHolding();
const mostPerKiB = 50;
/** So many of the dearest lines of a parser are timed again, so often. */
const [suspects, again] = [12, 300];

const batch = new Batch(8);
const clock = new LineClock(Date.UTC(2026, 11, 1));
const meta = { at: 0, prefix: 0, in: 0, out: 0, mark: 0 };
const reading = (carrier: Carrier) => (line: Uint8Array) => carrier.read(line, 0, line.length, batch, clock);
const parsers: Readonly<Record<string, (line: Uint8Array) => unknown>> = {
  'the kernel’s lines': (line) => scanKernelLine(line, 0, line.length, batch),
  ...Object.fromEntries(Object.values(carriers).map((carrier) => [carrier.name, reading(carrier)])),
  'the form of a line': (line) => carrierOf(line, 0, line.length),
  'lines of a file': (line) => {
    batch.clear();
    return readLines(line, 0, line.length, new LineReader(clock), batch);
  },
  'sshd’s messages': (line) => readSshdMessage(line, 0, line.length, batch, clock.tries),
  'the cursor of a record': (line) => journalCursor(line, 0, line.length),
  'packets of NFLOG': (line) => parsePacketInto(line, meta, batch),
  'records of /dev/kmsg': (line) => parseKmsgRecord(line),
};

/** What a line costs, in microseconds a KiB; of a shorter one, as if it were one KiB. */
function costOf(parse: (line: Uint8Array) => unknown, line: Uint8Array, runs: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run += 1) {
    const from = performance.now();
    parse(line);
    least = Math.min(least, performance.now() - from);
  }
  return (least * 1000) / Math.max(1, line.length / 1024);
}

/** What lines are made of that a parser reads; all there are, unless it reads a message alone, or lines of one form. */
function sources(name: string): readonly string[] {
  if (name === 'the kernel’s lines') return messages;
  if (name === 'sshd’s messages') return logins;
  const carrier = Object.values(carriers).find((one) => one.name === name);
  return carrier === undefined ? captured : captured.filter((line) => carrier.fits(Buffer.from(line, 'latin1'), 0, line.length));
}

const megabytes = Number(values.megabytes);
say(`${megabytes} MB through each of ${Object.keys(parsers).length} parsers, seed ${values.seed}`);
for (const [number, [name, parse]] of Object.entries(parsers).entries()) {
  const random = randomOf(Number(values.seed), number);
  const from = sources(name);
  const make = (): Uint8Array => {
    if (name === 'packets of NFLOG') return packet(random);
    const length = random.pick([60, 300, 1000, 2000, 2040, 5000, 30_000]);
    const line = random.once(5) ? spoilt(random, from) : hostile(random, length, from);
    return name === 'lines of a file' ? Uint8Array.from([...line, 10]) : line;
  };
  // What is slow before it is compiled says nothing.
  for (let warm = 0; warm < 500; warm += 1) parse(make());
  const dearest: { readonly line: Uint8Array; readonly cost: number }[] = [];
  let lines = 0;
  for (let bytes = 0; bytes < megabytes * 1e6; lines += 1) {
    const line = make();
    bytes += line.length;
    const cost = costOf(parse, line, 1);
    const last = dearest.at(-1);
    if (dearest.length === suspects && last !== undefined && cost <= last.cost) continue;
    dearest.push({ line, cost });
    dearest.sort((one, other) => other.cost - one.cost);
    dearest.length = Math.min(dearest.length, suspects);
  }
  const [worst] = dearest
    .map(({ line }) => ({ line, cost: costOf(parse, line, again) }))
    .sort((one, other) => other.cost - one.cost);
  if (worst === undefined) throw new Error('no line was tried');
  const text = JSON.stringify(Buffer.from(worst.line.subarray(0, 160)).toString('latin1'));
  holds(
    `${name}: ${lines} lines, the worst ${worst.cost.toFixed(1)} µs a KiB (${worst.line.length} bytes: ${text.slice(0, 120)}…)`,
    worst.cost <= mostPerKiB,
    text,
  );
}
end();

/** A packet with as many extension headers as there is room for, or noise. */
function packet(random: ReturnType<typeof randomOf>): Uint8Array {
  const bytes = new Uint8Array(random.pick([40, 200, 1500, 9000, 65_535]));
  const filler = random.nat(256);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = random.once(3) ? random.nat(256) : filler;
  bytes[0] = random.pick([0x45, 0x4f, 0x60]);
  bytes[6] = random.pick([0, 43, 44, 51, 60]);
  if (random.once(2)) bytes.fill(0, 40);
  return bytes;
}
