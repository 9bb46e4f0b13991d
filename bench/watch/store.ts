/**
 * The store: a million events kept, in processor time, beside the least that SQLite can do for them (three of their columns into a bare table, a row a
 * statement); and who is in most of them within the last hour, asked in the process and by the command, beside counting them with SQL.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openReading } from '../../src/store/index.ts';
import { compare } from '../harness/ratio.ts';

interface Kept {
  readonly cpuMs: number;
  readonly longestMs: number;
  readonly bytes: number;
}

const runs = 3;
const count = 1_000_000;
const root = mkdtempSync(join(tmpdir(), 'palisade-bench-'));
const hour = Date.now() - 3_540_000;

function keep(how: 'store' | 'bare', folder: string): Kept {
  const said = execFileSync(process.execPath, [join(import.meta.dirname, 'kept.ts'), how, folder, String(hour)]);
  return JSON.parse(said.toString()) as Kept;
}

function timed(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

try {
  const stored: Kept[] = [];
  const bare: Kept[] = [];
  let folder = '';
  for (let run = 0; run < runs; run += 1) {
    folder = mkdtempSync(join(root, 's-'));
    stored.push(keep('store', folder));
    bare.push(keep('bare', mkdtempSync(join(root, 'b-'))));
  }
  const cpu = stored.map(({ cpuMs }) => cpuMs);
  compare({
    what: 'a million events kept (processor)',
    ms: cpu,
    peer: 'three columns of each into a bare table',
    peerMs: bare.map(({ cpuMs }) => cpuMs),
    atMost: { ms: count / 200 },
  });
  const [first] = stored;
  process.stdout.write(
    `  ${Math.round((1000 * count) / Math.min(...cpu))} events a second of processor · ${((first?.bytes ?? 0) / count).toFixed(1)} bytes an event · longest commit ${Math.round(Math.min(...stored.map(({ longestMs }) => longestMs)))} ms\n`,
  );
  const opened = openReading(folder);
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  using reading = opened.value;
  const db = new DatabaseSync(join(folder, 'events.db'), { readOnly: true });
  const since = hour + 60_000;
  const bySql = db.prepare('SELECT src, count(*) AS events FROM events WHERE at >= ? GROUP BY src ORDER BY events DESC LIMIT 10');
  const top: number[] = [];
  const sql: number[] = [];
  const command: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    top.push(timed(() => void reading.top({ by: 'source', since, most: 10 })));
    sql.push(timed(() => void bySql.all(since)));
    const argv = ['src/daemon/main.ts', '--state', folder, 'top', '--json'];
    command.push(timed(() => void execFileSync(process.execPath, argv, { cwd: join(import.meta.dirname, '../..') })));
  }
  const [mine] = reading.top({ by: 'source', since, most: 1 }).rows;
  if (mine?.events !== Number(bySql.get(since)?.['events'])) throw new Error('both name another source, or number');
  compare({
    what: 'top sources of an hour, a million events',
    ms: top,
    peer: 'SQL over the events',
    peerMs: sql,
    atMost: { ms: 100 },
  });
  compare({ what: 'palisade top, the whole command from source', ms: command, peer: 'SQL over the events', peerMs: sql });
  db.close();
} finally {
  rmSync(root, { recursive: true });
}
