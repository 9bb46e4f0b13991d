import type { DatabaseSync } from 'node:sqlite';
import type { Hits } from '../watch/index.ts';

/** A rule that was not seen for so long is forgotten with the next writing. */
const rememberedMs = 90 * 86_400_000;

export function writeHits(db: DatabaseSync, hits: ReadonlyMap<string, Hits>, now: number): void {
  const put = db.prepare(
    `INSERT INTO rules (rule, since, seen, packets, bytes, last_hit, read_packets, read_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (rule) DO UPDATE SET seen = excluded.seen, packets = excluded.packets, bytes = excluded.bytes, last_hit = excluded.last_hit,
     read_packets = excluded.read_packets, read_bytes = excluded.read_bytes`,
  );
  for (const { rule, since, seen, packets, bytes, lastHit, read } of hits.values()) {
    const last = lastHit === null ? null : Math.floor(lastHit);
    put.run(rule, Math.floor(since), Math.floor(seen), packets, bytes, last, read.packets, read.bytes);
  }
  db.prepare('DELETE FROM rules WHERE seen < ?').run(now - rememberedMs);
}

export function hitsOf(db: DatabaseSync): readonly Hits[] {
  return db
    .prepare('SELECT * FROM rules ORDER BY rule')
    .all()
    .map((row) => ({
      rule: String(row['rule']),
      since: Number(row['since']),
      seen: Number(row['seen']),
      packets: Number(row['packets']),
      bytes: Number(row['bytes']),
      lastHit: row['last_hit'] === null ? null : Number(row['last_hit']),
      read: { packets: Number(row['read_packets']), bytes: Number(row['read_bytes']) },
    }));
}
