/**
 * A process of its own: a SYN flood of 60,000 forged sources within a minute, then one of 10 million within a hundred seconds, with a scan among
 * them. Says the memory of the whole process, and whether each event is accounted for.
 *
 * @throws {Error} when it takes 150 MB or more, when an event is not counted, or when the scan is not seen.
 */
import { createDetection, unknownSurroundings } from '../../src/watch/detect/index.ts';
import { Batch } from '../../src/watch/events/index.ts';

const most = 150;
const batch = new Batch();
const line = new TextEncoder().encode('kernel: FW-DROP IN=eth0 OUT= SRC=forged DST=198.51.100.1 LEN=40 PROTO=TCP SYN');
const detection = createDetection({ seed: 4711, surroundings: unknownSurroundings });
const detectors = new Map<string, number>();
let scanner = false;
let state = 88_172_645;
let [at, events, unfollowed] = [Date.UTC(2026, 10, 22), 0, 0];

flood(60_000, 1);
const first = megabytes();
flood(10_000_000, 0.01);
const { counts } = detection;
const said = [...detectors].map(([id, times]) => `${times} of ${id}`).join(', ');
process.stdout.write(
  `flood of 60,000 sources: ${first} MB; of 10 million more: ${megabytes()} MB (at most ${most}), ${counts.events} events counted, ${counts.unfollowed} of sources that were not followed; incidents: ${said}\n`,
);
unfollowed = counts.unfollowed;
if (megabytes() >= most) throw new Error(`${megabytes()} MB`);
if (counts.events !== events || unfollowed < 0.9 * events) throw new Error(`${events} events came`);
if (!scanner) throw new Error('the scan was not seen');

/** So many, each of an address of its own, `everyMs` apart; one of 500 is of somebody who scans. */
function flood(count: number, everyMs: number): void {
  for (let sent = 0; sent < count; sent += 1) {
    const isScan = sent % 500 === 0;
    const row = batch.length;
    batch.at[row] = at;
    batch.family[row] = 4;
    batch.src[4 * row + 3] = isScan ? 0xcb007109 : random();
    batch.dst[4 * row + 3] = 0xc6336401;
    batch.proto[row] = 6;
    batch.sport[row] = 1024 + (random() % 60_000);
    batch.dport[row] = isScan ? 1 + ((sent / 500) % 65_000) : 443;
    batch.flags[row] = 2;
    batch.in[row] = 2;
    batch.textLength[row] = line.length;
    batch.length += 1;
    at += everyMs;
    if (batch.isFull()) take();
  }
  take();
}

function take(): void {
  batch.trusted = true;
  batch.text = line;
  events += batch.length;
  for (const each of detection.take(batch)) {
    if (each.kind !== 'incident' || each.change !== 'opened') continue;
    detectors.set(each.incident.detector, (detectors.get(each.incident.detector) ?? 0) + 1);
    if (each.incident.sources.some(({ value }) => value === 0xcb007109n)) scanner = true;
  }
  batch.clear();
}

/** The most that the process has held, in MB of 2^20 bytes. */
function megabytes(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

/** xorshift32. */
function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
}
