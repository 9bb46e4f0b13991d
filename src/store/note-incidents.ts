import type { Clock } from '../clock.ts';
import { ok, type Result } from '../result.ts';
import type { Incident } from '../watch/index.ts';
import { openForWord, storeFile, unreadable } from './file.ts';
import { writeKept } from './kept.ts';
import { openStore } from './open.ts';

/**
 * Remembers incidents of somebody who reads no log, whether or not somebody writes the store meanwhile: it is opened beside whoever does, and made
 * where it is not there yet.
 *
 * @param writer for whoever asks who held the store
 */
export function noteIncidents(folder: string, incidents: readonly Incident[], clock: Clock, writer: string): Result<void> {
  const beside = openForWord(folder);
  if (!beside.ok) return beginWith(folder, incidents, clock, writer);
  const db = beside.value;
  try {
    db.exec('BEGIN IMMEDIATE');
    const none = { cursors: new Map(), bans: [], losses: [], hits: new Map() };
    writeKept(db, { ...none, incidents: new Map(incidents.map((one) => [one.id, one])) }, clock.now());
    db.exec('COMMIT');
    return ok(undefined);
  } catch (error) {
    return { ok: false, problems: [unreadable(storeFile(folder), error)] };
  } finally {
    db.close();
  }
}

function beginWith(folder: string, incidents: readonly Incident[], clock: Clock, writer: string): Result<void> {
  const opened = openStore(folder, { clock, writer });
  if (!opened.ok) return opened;
  using store = opened.value;
  for (const incident of incidents) store.incident(incident);
  const problem = store.commit();
  return problem === null ? ok(undefined) : { ok: false, problems: [problem] };
}
