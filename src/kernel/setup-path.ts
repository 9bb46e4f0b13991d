import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  opendirSync,
  openSync,
  readlinkSync,
  readSync,
  type Stats,
  statfsSync,
} from 'node:fs';

/** Of open(2): the name alone, which opens neither pipes nor devices and asks no right on the file itself. Node does not name it. */
const O_PATH = 0o10000000;

/** As many as the kernel follows (path_resolution(7)). */
const mostLinks = 40;
/** Of a folder; whoever has more of them wants to be a nuisance. */
const mostNames = 100_000;

/** What files of procfs, sysfs and their like say is made when they are asked, and may have no end (statfs(2)). */
const madeOnDemand: ReadonlySet<number> = new Set([
  0x9fa0, 0x62656572, 0x64626720, 0x74726163, 0x73636673, 0x62656570, 0xcafe4a11, 0x27e0eb, 0x63677270, 0x6e736673,
]);

/** An open name, and the folder that it stands in. */
export interface Place {
  readonly fd: number;
  readonly stats: Stats;
  readonly folder: Stats;
}

/** Where the way ended, and why: the nearest name of those asked that can be seen. */
export interface Refused {
  readonly stop: string;
  readonly unread: string;
}

/**
 * Walks to a path name by name, as openat(2) would, so that nobody exchanges a folder behind our back. A link is followed if
 * it is root's or our own and stands in a folder where nobody else could have put it; one that others may choose leads to nothing.
 *
 * @param follow also the last name, if it is a link.
 */
export function walk<T>(root: string, path: string, follow: boolean, then: (place: Place) => T): T | Refused | null {
  let fd = openSync(root === '' ? '/' : root, O_PATH);
  try {
    let stats = fstatSync(fd);
    let folder = stats;
    let links = 0;
    const todo = stepsOf(path);
    for (let step = todo.pop(); step !== undefined; step = todo.pop()) {
      const name = `${self(fd)}/${step.name}`;
      let next: number;
      try {
        next = openSync(name, O_PATH | constants.O_NOFOLLOW);
      } catch (error) {
        return isAbsent(error) ? null : { stop: step.blame, unread: said(error) };
      }
      const found = fstatSync(next);
      if (!found.isSymbolicLink() || (todo.length === 0 && !follow)) {
        closeSync(fd);
        [fd, folder, stats] = [next, stats, found];
        continue;
      }
      closeSync(next);
      links += 1;
      if (isOthers(found)) return { stop: step.path, unread: 'it is a link that root did not make' };
      if (isOpen(stats)) return { stop: step.path, unread: 'it is a link in a folder where others may put one' };
      if (links > mostLinks) return { stop: step.path, unread: 'ELOOP' };
      const target = targetOf(name);
      if (target === null) return null;
      if (target.startsWith('/')) {
        const top = openSync(root === '' ? '/' : root, O_PATH);
        closeSync(fd);
        fd = top;
        stats = fstatSync(fd);
      }
      const { path: blame } = step;
      todo.push(...stepsOf(target).map((each) => ({ name: each.name, path: blame, blame })));
    }
    return then({ fd, stats, folder });
  } finally {
    closeSync(fd);
  }
}

/** The names of a path, the first one last, each with the path so far and the one before it. */
function stepsOf(path: string): { readonly name: string; readonly path: string; readonly blame: string }[] {
  let blame = '';
  return path
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .map((name) => {
      const step = { name, path: `${blame}/${name}`, blame };
      blame = step.path;
      return step;
    })
    .reverse();
}

function self(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

let ofRoot: number | undefined;

/** Neither root's nor ours. Inside a user namespace root is whoever `/` belongs to. */
function isOthers({ uid }: Stats): boolean {
  ofRoot ??= lstatSync('/').uid;
  return uid !== 0 && uid !== ofRoot && uid !== process.geteuid?.();
}

/** Whether others can put a name into a folder, one that root made elsewhere too. */
function isOpen(folder: Stats): boolean {
  const { mode, gid } = folder;
  return isOthers(folder) || (mode & 0o2) !== 0 || ((mode & 0o20) !== 0 && gid !== 0 && gid !== process.getegid?.());
}

/** Whether others can put another thing in the place of one in a folder; in a sticky one only its owner can. */
export function isExchangeable(folder: Stats): boolean {
  return isOpen(folder) && (isOthers(folder) || (folder.mode & 0o1000) === 0);
}

/** Where a link leads, as it is written; `null` if it went in the meantime. */
function targetOf(path: string): string | null {
  try {
    return readlinkSync(path, 'latin1');
  } catch {
    // Gone, or no link any more.
    return null;
  }
}

/** Where a link leads, written as {@link Place} sees it. */
export function targetAt(root: string, path: string): string | null {
  const cut = path.lastIndexOf('/');
  const target = walk(root, path.slice(0, cut), true, ({ fd }) => ({ target: targetOf(`${self(fd)}${path.slice(cut)}`) }));
  return target !== null && 'target' in target ? target.target : null;
}

/** The path of an open name, as the kernel has it. */
export function pathOf(root: string, { fd }: Place): string | null {
  const path = targetOf(self(fd));
  return path?.startsWith(`${root}/`) ? path.slice(root.length) : null;
}

/** The names in a folder, in order; `null` if it is none. */
export function namesIn(root: string, path: string): readonly string[] | Refused | null {
  return walk(root, path, true, (place) => {
    try {
      const names: string[] = [];
      const folder = opendirSync(self(place.fd));
      try {
        for (let each = folder.readSync(); each !== null; each = folder.readSync()) {
          if (names.length >= mostNames) return { stop: path, unread: 'too many' };
          names.push(each.name);
        }
      } finally {
        folder.closeSync();
      }
      return names.sort();
    } catch (error) {
      return isAbsent(error) ? null : { stop: path, unread: said(error) };
    }
  });
}

/**
 * What a plain file says, at most so many bytes of it, whatever it says of its length; never waits, as the opening of a pipe would.
 *
 * @param cut a longer one is told as far as that; else it is `null`
 */
export function contentOf(
  path: string,
  place: Place,
  most: number,
  cut = false,
): { readonly text: string } | { readonly unread: string } | null {
  const { stats, folder } = place;
  // A link to a folder or to /dev/null says all by where it leads.
  if (!stats.isFile()) return { text: '' };
  if (stats.nlink > 1 && isOpen(folder)) return { unread: 'it has other names, and others may have given it this one' };
  let fd: number;
  try {
    fd = openSync(self(place.fd), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { unread: said(error) };
  }
  try {
    if (!path.startsWith('/proc/') && madeOnDemand.has(statfsSync(self(fd)).type)) return { unread: 'it is no file of a disk' };
    const parts: Buffer[] = [];
    let length = 0;
    for (;;) {
      const part = Buffer.allocUnsafe(Math.min(most - length + 1, Math.max(stats.size - length + 1, 65_536)));
      const got = readSync(fd, part, 0, part.length, null);
      if (got === 0) return { text: Buffer.concat(parts).toString('latin1') };
      length += got;
      parts.push(part.subarray(0, got));
      if (length > most) return cut ? { text: Buffer.concat(parts).toString('latin1', 0, most) } : null;
    }
  } catch (error) {
    return { unread: said(error) };
  } finally {
    closeSync(fd);
  }
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function said(error: unknown): string {
  const code = String((error as NodeJS.ErrnoException).code);
  return code === 'EACCES' || code === 'EPERM' ? 'rights' : code;
}
