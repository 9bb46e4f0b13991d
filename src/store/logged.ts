import type { DatabaseSync } from 'node:sqlite';
import type { Rows } from './rows.ts';
import type { Ways } from './ways.ts';

/** Counts what one transaction writes. */
export class LoggedCounts {
  private readonly ways: Ways;
  private readonly counts = new Map<number, number>();

  constructor(ways: Ways) {
    this.ways = ways;
  }

  add(rows: Rows): void {
    let key = -1;
    let run = 0;
    for (let row = 0; row < rows.length; row += 1) {
      const next = (rows.way[row] as number) * 512 + (rows.proto[row] as number) + 1;
      if (next !== key) {
        this.put(key, run);
        key = next;
        run = 0;
      }
      run += 1;
    }
    this.put(key, run);
  }

  clear(): void {
    this.counts.clear();
  }

  write(db: DatabaseSync): void {
    if (this.counts.size === 0) return;
    const put = db.prepare(
      'INSERT INTO logged (proto, prefix, events) VALUES (?, ?, ?) ON CONFLICT (proto, prefix) DO UPDATE SET events = events + excluded.events',
    );
    for (const [key, events] of this.counts) {
      const way = Math.floor(key / 512);
      if (this.ways.kindOf(way) === 'packet') put.run((key % 512) - 1, this.ways.prefixOf(way), events);
    }
    this.counts.clear();
  }

  private put(key: number, events: number): void {
    if (events > 0) this.counts.set(key, (this.counts.get(key) ?? 0) + events);
  }
}
