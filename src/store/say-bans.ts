import type { Clock } from '../clock.ts';
import { ok, type Result } from '../result.ts';
import { openForWord, storeFile, unreadable } from './file.ts';
import { type BanWord, writeKept } from './kept.ts';
import { openStore } from './open.ts';

const none = { cursors: new Map(), incidents: new Map(), losses: [], hits: new Map() } as const;

/** Remembers what a person says of bans, whether or not somebody writes the store meanwhile. @param writer for whoever asks who held the store */
export function sayBans(folder: string, words: readonly BanWord[], clock: Clock, writer: string): Result<void> {
  const store = openStore(folder, { clock, writer });
  if (store.ok) {
    using opened = store.value;
    for (const word of words) {
      if (word.kind === 'ban') opened.banned(word.ban);
      else opened.unbanned(word.source, word.at, word.by);
    }
    const problem = opened.commit();
    return problem === null ? ok(undefined) : { ok: false, problems: [problem] };
  }
  if (!store.problems.some(({ code }) => code === 'store-refused')) return store;
  const beside = openForWord(folder);
  if (!beside.ok) return beside;
  const db = beside.value;
  try {
    db.exec('BEGIN IMMEDIATE');
    writeKept(db, { ...none, bans: words }, clock.now());
    db.exec('COMMIT');
    return ok(undefined);
  } catch (error) {
    return { ok: false, problems: [unreadable(storeFile(folder), error)] };
  } finally {
    db.close();
  }
}
