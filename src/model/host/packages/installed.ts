import { compareApk } from './version-apk.ts';
import { compareDpkg } from './version-dpkg.ts';
import { compareRpm } from './version-rpm.ts';

export type PackageFormat = 'deb' | 'rpm' | 'apk';

/** One installed package. Of rpm several versions of one name may stand side by side, as kernels do. */
export interface Package {
  readonly name: string;
  /** As the package manager writes it; of rpm `EPOCH:VERSION-RELEASE`. */
  readonly version: string;
  /** What it was built from, by which security trackers speak; `null` when that was not said. */
  readonly source: string | null;
  readonly sourceVersion: string | null;
}

/** The installed packages that matter to a firewall. */
export interface Packages {
  /** `null` when a facts file names versions and not whose they are. */
  readonly format: PackageFormat | null;
  readonly installed: readonly Package[];
  /** Of dpkg: what an installation left halfway. It is not among the installed. */
  readonly unfinished?: readonly Unfinished[];
}

export interface Unfinished {
  readonly name: string;
  readonly version: string;
  /** dpkg's own word, such as `half-configured`. */
  readonly state: string;
}

/** Negative when `a` is the earlier one; `undefined` where there is no order between them. */
export function compareVersions(format: PackageFormat, a: string, b: string): number | undefined {
  if (format === 'apk') return compareApk(a, b);
  return format === 'deb' ? compareDpkg(a, b) : compareRpm(a, b);
}

/** `NAME TAB VERSION TAB STATE`, then `TAB SOURCE TAB SOURCEVERSION`. */
export function parseDpkg(text: string): readonly Package[] | undefined {
  const found: Package[] = [];
  for (const line of linesOf(text)) {
    const [name, version, state, source = '', sourceVersion = '', ...more] = line.split('\t');
    if (name === undefined || version === undefined || state === undefined || more.length > 0) return undefined;
    // The others are known by name only, half installed, or removed and kept for their configuration.
    if (state === 'installed') found.push({ name, version, source: source || null, sourceVersion: sourceVersion || null });
  }
  return found;
}

const halfway: readonly string[] = ['half-installed', 'unpacked', 'half-configured', 'triggers-awaited', 'triggers-pending'];

/** Those that dpkg began with and did not bring to an end, as when a script of theirs fails or the disk is full. */
export function unfinishedOf(text: string): readonly Unfinished[] {
  return linesOf(text).flatMap((line) => {
    const [name = '', version = '', state = ''] = line.split('\t');
    return halfway.includes(state) ? [{ name, version, state }] : [];
  });
}

/** `NAME TAB EPOCH:VERSION-RELEASE TAB ARCH TAB SOURCE.src.rpm`. */
export function parseRpm(text: string): readonly Package[] | undefined {
  const found: Package[] = [];
  for (const line of linesOf(text)) {
    const [name = '', version = '', , origin = '', ...more] = line.split('\t');
    if (name === '' || !/^\d+:[^\s-]+-[^\s-]+$/.test(version) || origin === '' || more.length > 0) return undefined;
    const [, source = null, sourceVersion = null] = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(origin) ?? [];
    found.push({ name, version, source, sourceVersion });
  }
  return found;
}

/** `apk list --installed`: `iptables-1.8.10-r3 x86_64 {iptables} (GPL-2.0-or-later) [installed]`. */
export function parseApk(text: string): readonly Package[] | undefined {
  const found: Package[] = [];
  for (const line of linesOf(text)) {
    const [full = '', , origin = ''] = line.split(' ');
    const [, name, version] = /^(.+?)-(\d[^-]*(?:-r\d+)?)$/.exec(full) ?? [];
    const source = /^\{([^{}]*)\}$/.exec(origin)?.[1];
    if (name === undefined || version === undefined || source === undefined || !line.includes('[installed')) return undefined;
    found.push({ name, version, source, sourceVersion: version });
  }
  return found;
}

export function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}
