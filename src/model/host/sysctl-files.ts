import { fileAt, filesIn, type HostFiles } from './host-file.ts';
import { type Known, known } from './known.ts';

/** A setting as files give it at boot. */
export interface SavedSetting {
  /** `null`: names with `*` do not count for it (`-NAME` alone). */
  readonly value: string | null;
  readonly file: string;
}

/** Where systemd-sysctl and `sysctl --system` look, the strongest first: a file hides those of its name behind it (sysctl.d(5)). */
const folders = ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d'];

/**
 * What the files of sysctl.d set at boot, by dotted name: all files in the order of their names whatever their folder, of two
 * settings the later counts. /etc/sysctl.conf comes last; systemd reads it only where sysctl.d leads to it, as Debian's does, so
 * `bySystemd` says whether to take it otherwise. Names with `*` stand for links that are not named themselves.
 *
 * @param behind files that a service sets after them.
 */
export function savedSettings(
  files: HostFiles,
  bySystemd: boolean,
  behind: readonly string[] = [],
): Known<ReadonlyMap<string, SavedSetting>> {
  const listed = filesIn(files, ...folders);
  if (!listed.known) return listed;
  const byName = new Map<string, (typeof listed.value)[number]>();
  for (const folder of folders) {
    for (const file of listed.value) {
      const [at, name] = [file.path.lastIndexOf('/'), file.path.slice(file.path.lastIndexOf('/') + 1)];
      if (file.path.slice(0, at) === folder && name.endsWith('.conf') && !byName.has(name)) byName.set(name, file);
    }
  }
  const ordered = [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file);
  const main = fileAt(files, '/etc/sysctl.conf');
  if (!main.known) return main;
  const linked = ordered.some(({ target }) => target !== null && /(^|\/)sysctl\.conf$/.test(target));
  if (main.value !== null && !linked && !bySystemd) ordered.push(main.value);
  for (const path of behind) {
    const file = fileAt(files, path);
    if (!file.known) return file;
    if (file.value !== null) ordered.push(file.value);
  }
  const saved = new Map<string, SavedSetting>();
  for (const { path, text, target } of ordered) {
    if (target === '/dev/null') continue;
    if (!text.known) return text;
    for (const line of text.value.split('\n')) {
      const said = line.trim();
      if (said === '' || said.startsWith('#') || said.startsWith(';')) continue;
      const equals = said.indexOf('=');
      const name = (equals < 0 ? said : said.slice(0, equals)).replace(/^-/, '').trim();
      if (equals >= 0) saved.set(dotted(name), { value: said.slice(equals + 1).trim(), file: path });
      else if (said.startsWith('-')) saved.set(dotted(name), { value: null, file: path });
    }
  }
  return known(saved);
}

/** What they say of one setting; a name in full goes before one with `*`. */
export function savedSetting(
  saved: ReadonlyMap<string, SavedSetting>,
  name: string,
): { readonly value: string; readonly file: string } | undefined {
  const own = saved.get(name);
  if (own !== undefined) return own.value === null ? undefined : { value: own.value, file: own.file };
  let found: SavedSetting | undefined;
  for (const [pattern, setting] of saved) {
    if (!pattern.includes('*')) continue;
    const [before = '', after = ''] = pattern.split('*');
    const between = name.slice(before.length, after === '' ? undefined : -after.length);
    if (name.length > before.length + after.length && name.startsWith(before) && name.endsWith(after) && !between.includes('.')) {
      found = setting;
    }
  }
  return found === undefined || found.value === null ? undefined : { value: found.value, file: found.file };
}

/** Whichever of `.` and `/` comes first parts the words; then the other one stands for itself, as in `net/ipv4/conf/eth0.5`. */
function dotted(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  return first === '/' ? name.replace(/[./]/g, (char) => (char === '/' ? '.' : '/')) : name;
}
