import { existsSync, type Stats } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import type { TextRead } from '../model/host/index.ts';
import { contentOf, isExchangeable, namesIn, type Place, pathOf, type Refused, targetAt, walk } from './setup-path.ts';
import { type Places, places } from './setup-places.ts';

const mib = 1024 * 1024;
/** Of one file, and of all: a host has some hundred short ones, and seldom rules of more than a few megabytes. */
const mostBytes = 16 * mib;
const mostBytesOfAll = 64 * mib;
/** That one pattern names. */
const mostFiles = 2000;

/** Files at a time; between them others get their turn. */
const batch = 100;

/** How far a file is looked into. */
type Look = keyof Places;

/** Two lines of a snapshot are shorter. */
const mostOfLines = 20_000;

interface Rights {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

interface Said {
  readonly text?: string | undefined;
  readonly unread?: string;
  /** The end of a link. */
  readonly leads?: Rights & { readonly path: string; readonly folder: Rights };
}

interface Entry extends Rights, Said {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly modified: number;
  readonly target?: string;
}

/**
 * The files that set the host up, one JSON object a line in the order of their paths: owner, mode, where links lead, and
 * the text. What could not be read says why in `unread`, or the nearest folder above it does; only a file of many is ever
 * missing, never all of them.
 *
 * Links are followed as {@link walk} does, and then to a plain file: a name that others may choose leads to nothing.
 *
 * @param root in which the places are; for tests.
 */
export async function readSetup(root = '', wanted: Places = places): Promise<TextRead> {
  if (!existsSync('/proc/self/fd')) return { read: false, why: 'failed', tool: 'cat', detail: '/proc is not there' };
  const told = new Map<string, Entry>();
  const folders = new Set<string>();
  const refusals = new Map<string, string>();
  const refuse = ({ stop: at, unread }: Refused): void => {
    if (at !== '' && !refusals.has(at)) refusals.set(at, unread);
  };
  let bytes = 0;
  const tell = (path: string, look: Look): void => {
    if (told.has(path)) return;
    const entry = entryOf(root, path);
    if (entry === null) return;
    if ('stop' in entry) {
      refuse(entry);
      return;
    }
    const isRead = look !== 'named' && entry.kind !== 'folder';
    const said = isRead ? textAt(root, path, entry.kind, look === 'begun' ? 'lines' : mostBytesOfAll - bytes) : {};
    bytes += said.text?.length ?? 0;
    told.set(path, { ...entry, ...said });
  };
  for (const [patterns, look] of [
    [wanted.read, 'read'],
    [wanted.begun ?? [], 'begun'],
    [wanted.named, 'named'],
  ] as const) {
    let count = 0;
    for (const pattern of patterns) {
      for (const path of matching(root, pattern, folders, refuse)) {
        tell(path, look);
        count += 1;
        if (count % batch === 0) await turn();
      }
    }
  }
  // Folders that were listed: whoever asks what is in them is told all there is, or that it is not.
  const add = (path: string, more: Said): void => {
    const entry = told.get(path);
    if (entry !== undefined) told.set(path, { ...entry, ...more });
  };
  for (const folder of folders) tell(folder, 'named');
  for (const folder of folders) add(folder, { text: '', ...(told.get(folder)?.kind === 'link' && endOf(root, folder)) });
  for (const [path, unread] of refusals) {
    tell(path, 'named');
    add(path, { text: undefined, unread });
  }
  const lines = [...told].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => JSON.stringify(entry));
  return { read: true, text: lines.join('\n'), command: 'cat', warnings: '' };
}

/** Paths that a pattern names; each folder on the way that was listed is kept, and one that may not be is reported. */
function matching(root: string, pattern: string, folders: Set<string>, refuse: (refused: Refused) => void): readonly string[] {
  return pattern
    .split('/')
    .slice(1)
    .reduce<readonly string[]>(
      (bases, part) => {
        if (!/[*?]/.test(part)) return bases.map((base) => `${base}/${part}`);
        const name = new RegExp(`^(?!\\.)${part.replace(/[.+]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`);
        const paths: string[] = [];
        for (const base of bases) {
          const names = namesIn(root, base);
          if (names === null) continue;
          if ('stop' in names) {
            refuse(names);
            continue;
          }
          if (base !== '') folders.add(base);
          const fitting = names.filter((each) => name.test(each));
          const room = mostFiles - paths.length;
          if (fitting.length > room) refuse({ stop: base, unread: 'too many' });
          paths.push(...fitting.slice(0, room).map((each) => `${base}/${each}`));
        }
        return paths;
      },
      [''],
    );
}

function entryOf(root: string, path: string): Entry | Refused | null {
  return walk(root, path, false, ({ stats }): Entry | null => {
    const entry = { path, kind: kindOf(stats), ...rightsOf(stats), modified: Math.floor(stats.mtimeMs / 1000) };
    if (!stats.isSymbolicLink()) return entry;
    const target = targetAt(root, path);
    return target === null ? null : { ...entry, target };
  });
}

function kindOf(stats: Stats): Entry['kind'] {
  return stats.isSymbolicLink() ? 'link' : stats.isDirectory() ? 'folder' : 'file';
}

function rightsOf({ mode, uid, gid }: Stats): Rights {
  return { mode: mode & 0o7777, uid, gid };
}

/** @param room bytes that are left for it; `lines`: only its first two lines */
function textAt(root: string, path: string, kind: string, room: number | 'lines'): Said {
  const said = walk(root, path, true, (place): Said => {
    const leads = kind === 'link' ? leadsOf(root, place) : {};
    if (room === 'lines') {
      const begun = contentOf(path, place, mostOfLines, true);
      const isText = begun !== null && 'text' in begun;
      return { ...leads, ...(isText ? { text: begun.text.split('\n', 2).join('\n') } : begun) };
    }
    const most = Math.max(0, Math.min(mostBytes, room));
    const content = contentOf(path, place, most);
    const large =
      most < mostBytes ? `the files before it took ${mostBytesOfAll / mib} MiB` : `it is larger than ${mostBytes / mib} MiB`;
    return { ...leads, ...(content ?? { unread: large }) };
  });
  // A link to nothing.
  if (said === null) return { text: '' };
  return 'stop' in said ? { unread: said.unread } : said;
}

/** What is at the end of a link, if that is a plain file or a folder. */
function endOf(root: string, path: string): Said {
  const said = walk(root, path, true, (place) => leadsOf(root, place));
  return said === null || 'stop' in said ? {} : said;
}

function leadsOf(root: string, place: Place): Said {
  const { stats } = place;
  const path = stats.isFile() || stats.isDirectory() ? pathOf(root, place) : null;
  if (path === null) return {};
  return { leads: { path, ...rightsOf(stats), folder: rightsOf(weakest(root, path) ?? place.folder) } };
}

/** The topmost folder above a path in which others can exchange something. */
function weakest(root: string, path: string): Stats | null {
  for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) {
    const stats = walk(root, path.slice(0, at), false, (folder) => ({ stats: folder.stats }));
    if (stats !== null && 'stats' in stats && isExchangeable(stats.stats)) return stats.stats;
  }
  return null;
}
