import { shownText } from '../ruleset/index.ts';
import type { Fields } from './fields.ts';
import { type Known, known, unknown } from './known.ts';
import { isPrinted, numberOf, type Printed, textOf } from './printed.ts';

/** A file that says how the host is set up, as it lies on the disk. */
export interface HostFile {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  /** Permission bits with setuid, setgid and sticky; a link's own are all set. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Epoch seconds; `null` where a facts file does not say. */
  readonly modified: number | null;
  /** Where a link leads, as it is written; a link to a file that could be read has its text too. */
  readonly target: string | null;
  /** The plain file or the folder at the end of a link that was followed; `null` where it is not told. */
  readonly leads: LedFile | null;
  /** latin1. Of a folder: known, and empty, when its files are all here. */
  readonly text: Known<string>;
}

/** Who may what with a file or a folder. */
interface Rights {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A file by the path that the kernel has for it. */
export interface LedFile extends Rights {
  readonly path: string;
  /** It is in; one above that, if others can exchange things there. */
  readonly folder: Rights;
}

/** By path. Of the places that palisade looks at, what is not in it is not there, unless its folder could not be read. */
export type HostFiles = ReadonlyMap<string, HostFile>;

/** One JSON object a line, in the order of their paths. */
export function parseFiles(text: string): HostFiles | undefined {
  const files = new Map<string, HostFile>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const file = parseFile(line);
    if (file === undefined) return undefined;
    files.set(file.path, file);
  }
  return files;
}

function parseFile(line: string): HostFile | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isPrinted(value) ? asFile(value) : undefined;
  } catch {
    // Not JSON: the caller says so.
    return undefined;
  }
}

function asFile(printed: Printed): HostFile | undefined {
  const [path, kind] = [textOf(printed, 'path'), textOf(printed, 'kind')];
  const rights = rightsOf(printed);
  if (path === undefined || rights === undefined) return undefined;
  if (kind !== 'file' && kind !== 'folder' && kind !== 'link') return undefined;
  const text = textOf(printed, 'text');
  return {
    path,
    kind,
    ...rights,
    modified: numberOf(printed, 'modified') ?? null,
    target: textOf(printed, 'target') ?? null,
    leads: ledFile(printed['leads']),
    text: text === undefined ? unreadFile(path, textOf(printed, 'unread') ?? 'it was not looked into') : known(text),
  };
}

function rightsOf(printed: Printed): Rights | undefined {
  const [mode, uid, gid] = [numberOf(printed, 'mode'), numberOf(printed, 'uid'), numberOf(printed, 'gid')];
  return mode === undefined || uid === undefined || gid === undefined ? undefined : { mode, uid, gid };
}

function ledFile(printed: unknown): LedFile | null {
  if (!isPrinted(printed) || !isPrinted(printed['folder'])) return null;
  const [path, rights, folder] = [textOf(printed, 'path'), rightsOf(printed), rightsOf(printed['folder'])];
  return path === undefined || rights === undefined || folder === undefined ? null : { path, ...rights, folder };
}

function unreadFile(path: string, why: string): Known<never> {
  const shown = shownText(path);
  if (why === 'rights') return unknown(`only root may read ${shown}`, 'run palisade as root');
  return why === 'too many'
    ? unknown(`there are more files in ${shown} than palisade looks at`, `move old files out of ${shown}`)
    : unknown(`${shown} was not read: ${why}`, `look at ${shown} by hand`);
}

/** Of a facts file. */
export function readHostFile(fields: Fields): HostFile {
  const path = fields.text('path');
  const target = fields.optionalText('target') ?? null;
  const kind = fields.word('kind', ['file', 'folder', 'link']) ?? (target === null ? 'file' : 'link');
  const text = fields.content('text');
  return {
    path,
    kind,
    ...readRights(fields, kind === 'folder' ? 0o755 : kind === 'link' ? 0o777 : 0o644),
    modified: fields.optionalNumber('modified', -1e10, 1e11) ?? null,
    target,
    leads:
      fields.object('leads', (led) => ({
        path: led.text('path'),
        ...readRights(led, 0o644),
        folder: led.object('folder', (folder) => readRights(folder, 0o755)) ?? { mode: 0o755, uid: 0, gid: 0 },
      })) ?? null,
    text:
      text !== undefined
        ? known(text)
        : kind === 'file'
          ? unknown(`the files do not say what ${shownText(path)} holds`, 'add its "text" to --facts FILE')
          : known(''),
  };
}

function readRights(fields: Fields, otherwise: number): Rights {
  const mode = fields.parsed(
    'mode',
    (text) => (/^[0-7]{3,5}$/.test(text) ? Number.parseInt(text, 8) : undefined),
    'a mode such as "0600"',
  );
  return {
    mode: mode ?? otherwise,
    uid: fields.optionalNumber('uid', 0, 0xffffffff) ?? 0,
    gid: fields.optionalNumber('gid', 0, 0xffffffff) ?? 0,
  };
}

/** The file at a path, `null` where there is none; unknown where a folder above it could not be read. */
export function fileAt(files: HostFiles, path: string): Known<HostFile | null> {
  const found = files.get(path);
  if (found !== undefined) return known(found);
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const folder = files.get(path.slice(0, at));
    if (folder !== undefined && folder.kind !== 'file' && !folder.text.known) return folder.text;
  }
  return known(null);
}

/** What lies in these folders, folders themselves left out; unknown where one of them could not be read. */
export function filesIn(files: HostFiles, ...folders: readonly string[]): Known<readonly HostFile[]> {
  for (const path of folders) {
    const folder = fileAt(files, path);
    if (!folder.known) return folder;
    if (folder.value !== null && folder.value.kind !== 'file' && !folder.value.text.known) return folder.value.text;
  }
  return known(
    [...files.values()].filter(({ path, kind }) => kind !== 'folder' && folders.includes(path.slice(0, path.lastIndexOf('/')))),
  );
}
