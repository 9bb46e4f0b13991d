import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** How many records a reader counted and how many it was told were lost, kept with its cursor. */
export interface Tally extends Disposable {
  cursor(): string | null;
  add(events: number, passed: number, cursor: string | null): void;
  /** Kept with the next `add`. */
  lost(count: number): void;
  read(): { readonly events: number; readonly passed: number; readonly lost: number };
}

export function openTally(folder: string): Tally {
  const file = new DatabaseSync(join(folder, 'tally.db'));
  file.exec(
    'PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; CREATE TABLE IF NOT EXISTS tally (events, passed, lost, cursor); INSERT INTO tally SELECT 0, 0, 0, NULL WHERE NOT EXISTS (SELECT 1 FROM tally)',
  );
  const add = file.prepare('UPDATE tally SET events = events + ?, passed = passed + ?, lost = lost + ?, cursor = ?');
  const all = file.prepare('SELECT events, passed, lost, cursor FROM tally');
  let lost = 0;
  const row = (): Record<string, unknown> => all.get() as Record<string, unknown>;
  return {
    cursor: () => (row()['cursor'] as string | null) ?? null,
    add(events, passed, cursor) {
      add.run(events, passed, lost, cursor);
      lost = 0;
    },
    lost(count) {
      lost += count;
    },
    read: () => ({ events: Number(row()['events']), passed: Number(row()['passed']), lost: Number(row()['lost']) }),
    [Symbol.dispose]: () => file.close(),
  };
}
