import { linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type OwnRecord, readRecord } from './record.ts';

/** So many confirmed states are kept to go back to. */
const mostKept = 20;

/** By when it was made, to the millisecond: `20261130T153000123Z`. Later ones sort behind. */
export const pastIdForm = /^\d{8}T\d{9}Z$/;

export function pastId({ at }: Pick<OwnRecord, 'at'>): string {
  return new Date(at).toISOString().replace(/[-:.]/g, '');
}

/** Keeps a record among those that can be gone back to, under one more name of the same file; the oldest go. */
export function keepPast(folder: string, file: string, record: OwnRecord): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    linkSync(file, join(folder, `${pastId(record)}.json`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  for (const id of pastIds(folder).slice(mostKept)) rmSync(join(folder, `${id}.json`), { force: true });
}

/** What can be gone back to, newest first. */
export function pastIds(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .map((name) => name.replace(/\.json$/, ''))
      .filter((id) => pastIdForm.test(id))
      .sort()
      .reverse();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** `null` where there is none. */
export function readPast(folder: string, id: string): OwnRecord | null {
  return pastIdForm.test(id) ? readRecord(join(folder, `${id}.json`)) : null;
}
