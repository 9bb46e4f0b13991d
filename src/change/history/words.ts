import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Entry, entryOf, type What } from './entry.ts';
import { append, readJournal } from './journal.ts';
import { lockState } from './lock.ts';

/**
 * Takes over into the journal what shell scripts left to be said: the guard, which undid a change, and what restores the firewall when the
 * machine starts. They write lines `SECONDS WHO TEXT` into the file `words`. Only for whoever holds the state folder.
 */
export function takeWords(stateFolder: string): void {
  const words = join(stateFolder, 'words');
  const taken = `${words}.taken`;
  // What an earlier palisade took and died over comes first.
  for (const again of [true, false]) {
    if (!again && !moved(words, taken)) return;
    const lines = linesOf(taken);
    const known = lines.length === 0 || !again ? new Set<string>() : new Set(readJournal(stateFolder).entries.map(keyOf));
    const entries = lines.flatMap(entriesOf).filter((entry) => !known.has(keyOf(entry)));
    if (entries.length > 0) append(stateFolder, entries);
    rmSync(taken, { force: true });
  }
}

/** As {@link takeWords}, for those who only want to read: where nobody else is at work. */
export function takeWordsAlone(stateFolder: string): void {
  if (!existsSync(join(stateFolder, 'words'))) return;
  const locked = lockState(stateFolder);
  if (!locked.ok) return;
  try {
    takeWords(stateFolder);
  } finally {
    locked.value();
  }
}

const kinds: Readonly<Record<string, What>> = { guard: 'undone', boot: 'boot' };

function entriesOf(line: string): readonly Entry[] {
  const [, seconds = '', who = '', text = ''] = /^(\d{1,12}) (\w+) (.+)$/.exec(line) ?? [];
  const what = kinds[who];
  if (what === undefined) return [];
  return [entryOf({ at: Number(seconds) * 1000, what, text })];
}

function keyOf({ at, what, text }: Entry): string {
  return `${at} ${what} ${text}`;
}

function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
