import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { TextRead } from '../model/host/index.ts';
import { places } from './setup-places.ts';

/** Of one file, and of all: a host has some hundred short ones, and seldom rules of more than a few megabytes. */
const mostBytes = 16 * 1024 * 1024;
const mostBytesOfAll = 64 * 1024 * 1024;
const mostFiles = 5000;

/** Files at a time; between them others get their turn. */
const batch = 100;

/**
 * The files that set the host up, one JSON object a line in the order of their paths: owner, mode, where links lead, and
 * the text. What could not be read says why in `unread`; only a file of many is ever missing, never all of them.
 *
 * A link is followed if root made it, and then to a plain file: a name that others may choose leads to nothing.
 *
 * @param root in which the places are; for tests.
 */
export async function readSetup(
  root = '',
  wanted: { readonly read: readonly string[]; readonly named: readonly string[] } = places,
): Promise<TextRead> {
  const told = new Map<string, Readonly<Record<string, unknown>>>();
  const folders = new Set<string>();
  let bytes = 0;
  const tell = (path: string, look: boolean): void => {
    if (told.has(path) || told.size >= mostFiles) return;
    const stats = statOf(root + path);
    if (stats === null) return;
    const entry = {
      path,
      kind: kindOf(stats),
      mode: stats.mode & 0o7777,
      uid: stats.uid,
      gid: stats.gid,
      modified: Math.floor(stats.mtimeMs / 1000),
    };
    const target = stats.isSymbolicLink() ? { target: readlinkSync(root + path, 'latin1') } : {};
    if (!look || stats.isDirectory()) {
      told.set(path, { ...entry, ...target });
      return;
    }
    const said = textAt(root, path, stats, mostBytesOfAll - bytes);
    bytes += said.text?.length ?? 0;
    told.set(path, { ...entry, ...target, ...said });
  };
  for (const [patterns, look] of [
    [wanted.read, true],
    [wanted.named, false],
  ] as const) {
    let count = 0;
    for (const pattern of patterns) {
      for (const path of matching(root, pattern, folders, (folder) => unreadable(told, root, folder))) {
        tell(path, look);
        count += 1;
        if (count % batch === 0) await turn();
      }
    }
  }
  // Folders that were listed: whoever asks what is in them is told all there is.
  for (const folder of folders) {
    if (folder === '') continue;
    tell(folder, true);
    told.set(folder, { ...told.get(folder), path: folder, text: '' });
  }
  const lines = [...told].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => JSON.stringify(entry));
  return { read: true, text: lines.join('\n'), command: 'cat', warnings: '' };
}

/** Paths that a pattern names; each folder on the way that was listed is kept, and one that may not be is reported. */
function matching(root: string, pattern: string, folders: Set<string>, refuse: (folder: string) => void): readonly string[] {
  return pattern
    .split('/')
    .slice(1)
    .reduce<readonly string[]>(
      (bases, part) => {
        if (!/[*?]/.test(part)) return bases.map((base) => `${base}/${part}`);
        const name = new RegExp(`^(?!\\.)${part.replace(/[.+]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`);
        return bases.flatMap((base) => {
          const names = namesIn(root + base);
          if (names === 'rights') refuse(base);
          if (!Array.isArray(names)) return [];
          folders.add(base);
          return names.filter((each) => name.test(each)).map((each) => `${base}/${each}`);
        });
      },
      [''],
    );
}

function unreadable(told: Map<string, Readonly<Record<string, unknown>>>, root: string, path: string): void {
  const stats = statOf(root + path);
  if (stats === null) return;
  const { uid, gid } = stats;
  told.set(path, { path, kind: 'folder', mode: stats.mode & 0o7777, uid, gid, modified: 0, unread: 'rights' });
}

function namesIn(folder: string): string[] | 'none' | 'rights' {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    return isDenied(error) ? 'rights' : 'none';
  }
}

function statOf(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    // Not there, or in a folder that may not be entered, which was told.
    return null;
  }
}

function kindOf(stats: Stats): 'file' | 'folder' | 'link' {
  return stats.isSymbolicLink() ? 'link' : stats.isDirectory() ? 'folder' : 'file';
}

function textAt(root: string, path: string, stats: Stats, room: number): { readonly text?: string; readonly unread?: string } {
  if (!stats.isSymbolicLink()) return contentOf(root + path, room);
  if (stats.uid !== 0 && stats.uid !== process.geteuid?.()) return { unread: 'it is a link that root did not make' };
  const target = readlinkSync(root + path);
  const inside = target.startsWith('/') ? root + target : join(root + dirname(path), target);
  try {
    return contentOf(realpathSync(inside), room);
  } catch (error) {
    return isDenied(error) ? { unread: 'rights' } : { text: '' };
  }
}

/** A plain file's; never waits, as the opening of a pipe would. */
function contentOf(path: string, room: number): { readonly text?: string; readonly unread?: string } {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return { unread: isDenied(error) ? 'rights' : String((error as NodeJS.ErrnoException).code) };
  }
  try {
    const stats = fstatSync(fd);
    // A link to a folder or to /dev/null says all by where it leads.
    if (!stats.isFile()) return { text: '' };
    if (stats.size > Math.min(mostBytes, room)) return { unread: `it is larger than ${mostBytes / 1024 / 1024} MiB` };
    return { text: readFileSync(fd, 'latin1') };
  } catch (error) {
    return { unread: String((error as NodeJS.ErrnoException).code) };
  } finally {
    closeSync(fd);
  }
}

function isDenied(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EACCES' || code === 'EPERM';
}
