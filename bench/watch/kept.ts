/**
 * A process of its own: keeps a million events in the store of a folder, 4096 a commit as a busy watcher does, or puts three columns of each into a bare
 * table, and says what that took: milliseconds of processor, the longest commit, bytes of the file.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openStore } from '../../src/store/index.ts';
import { Batch } from '../../src/watch/events/index.ts';

const [how = '', folder = '', from = '0'] = process.argv.slice(2);
const count = 1_000_000;
const start = Number(from);
const batch = new Batch(4096);
const prefixes = ['FW-DROP ', 'FW-SSH: ', '[INVALID] ', ''].map((text) => batch.names.named(text));
const link = batch.names.named('eth0');
let seed = 7;

/** Lehmer's generator with the multiplier of Park and Miller (1988). */
function roll(): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
}

/** Few sources send much, one of twenty is of IPv6; all within an hour. */
function fill(first: number): void {
  batch.clear();
  for (; batch.length < batch.capacity && first + batch.length < count; batch.length += 1) {
    const row = batch.length;
    const who = Math.floor(90_000 ** roll());
    const six = roll() < 0.05;
    batch.family[row] = six ? 6 : 4;
    batch.at[row] = start + (3_600_000 * (first + row)) / count;
    batch.src.set(six ? [0x2a0b4d07, who, 0, 1] : [0, 0, 0, 0x01000000 + ((who * 2_654_435) % 0xd0000000)], 4 * row);
    batch.dst.set(six ? [0x20010db8, 0, 0, 1] : [0, 0, 0, 0xc6336401 + Math.floor(roll() * 33)], 4 * row);
    batch.proto[row] = roll() < 0.8 ? 6 : 17;
    batch.sport[row] = 1024 + Math.floor(roll() * 60_000);
    batch.dport[row] = roll() < 0.7 ? 22 : Math.floor(roll() * 65_535);
    batch.flags[row] = batch.proto[row] === 6 ? 2 : -1;
    batch.icmpType[row] = -1;
    batch.icmpCode[row] = -1;
    batch.size[row] = 60;
    batch.ttl[row] = 40 + Math.floor(roll() * 200);
    batch.prefix[row] = prefixes[Math.floor(roll() * prefixes.length)] as number;
    batch.in[row] = link;
  }
}

/** What one batch takes, in milliseconds of processor; only of what is to be measured. */
let cpuMs = 0;
let longestMs = 0;
function measured(work: () => void): void {
  const [before, began] = [process.cpuUsage(), performance.now()];
  work();
  const { user, system } = process.cpuUsage(before);
  cpuMs += (user + system) / 1000;
  longestMs = Math.max(longestMs, performance.now() - began);
}

if (how === 'store') {
  const opened = openStore(folder, { clock: { now: () => start + 3_600_000 }, writer: 'bench' });
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  using store = opened.value;
  for (let first = 0; first < count; first += batch.length) {
    fill(first);
    measured(() => {
      store.keep(batch, 'kmsg');
      store.reached('kmsg', String(first));
      const problem = store.commit();
      if (problem !== null) throw new Error(problem.message);
    });
  }
} else {
  const db = new DatabaseSync(join(folder, 'events.db'));
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE events (id INTEGER PRIMARY KEY, at INTEGER, src INTEGER, dport INTEGER)',
  );
  const insert = db.prepare('INSERT INTO events (at, src, dport) VALUES (?, ?, ?)');
  for (let first = 0; first < count; first += batch.length) {
    fill(first);
    measured(() => {
      db.exec('BEGIN');
      for (let row = 0; row < batch.length; row += 1)
        insert.run(Math.floor(batch.at[row] as number), batch.src[4 * row + 3] as number, batch.dport[row] as number);
      db.exec('COMMIT');
    });
  }
  db.close();
}
process.stdout.write(`${JSON.stringify({ cpuMs, longestMs, bytes: statSync(join(folder, 'events.db')).size })}\n`);
