import { type Known, known, mapKnown, type Unknown, unknown } from '../known.ts';
import type { RunningKernel } from '../software.ts';
import type { SoftwareName, SoftwareTexts, TextRead } from '../texts.ts';
import { unread } from '../unread.ts';
import { type AutomaticUpdates, automaticUpdatesOf } from './automatic.ts';
import { type Package, type PackageFormat, type Packages, parseApk, parseDpkg, parseRpm, unfinishedOf } from './installed.ts';
import { type Pending, parseApkVersion, parseAptPolicy, parseDnf, parseZypper } from './pending.ts';
import { parseRelease, type Release } from './release.ts';
import { type Restart, restartOf } from './restart.ts';

export interface SoftwareFacts {
  readonly release: Known<Release>;
  readonly packages: Known<Packages>;
  readonly pending: Known<Pending>;
  /** When the newest package list was written, in epoch milliseconds. */
  readonly packageLists: Known<number>;
  readonly restart: Known<Restart>;
  readonly automaticUpdates: Known<AutomaticUpdates>;
}

/** How each family of package managers says what is installed. */
const formats = {
  dpkg: { format: 'deb', parse: parseDpkg },
  rpm: { format: 'rpm', parse: parseRpm },
  apk: { format: 'apk', parse: parseApk },
} as const satisfies Partial<
  Record<SoftwareName, { format: PackageFormat; parse: (text: string) => readonly Package[] | undefined }>
>;

/** `absent` is what is said of facts for which there is no text. */
export function softwareFacts(texts: SoftwareTexts, kernel: Known<RunningKernel>, absent: Unknown): SoftwareFacts {
  const packages = packagesOf(texts, absent);
  const text = (name: SoftwareName): string | null => textIn(texts[name]);
  return {
    release: understood(texts['os-release'], 'the distribution', parseRelease, absent),
    packages,
    pending: packages.known ? pendingOf(texts, packages.value.installed, absent) : packages,
    packageLists: listsOf(texts.lists, absent),
    restart: restartOf(kernel, packages, { required: text('reboot'), needrestart: text('needrestart') }),
    automaticUpdates: automaticUpdatesOf(packages, {
      apt: text('apt-periodic'),
      timers: text('timers'),
      dnf: text('dnf-automatic'),
    }),
  };
}

function listsOf(read: TextRead | undefined, absent: Unknown): Known<number> {
  if (read?.read === false && read.why === 'unused') return unknown(read.detail, 'have the package manager fetch its lists');
  const seconds = (text: string): number | undefined => (/^\d{1,12}\s*$/.test(text) ? Number(text) * 1000 : undefined);
  return understood(read, 'the age of the package lists', seconds, absent);
}

function packagesOf(texts: SoftwareTexts, absent: Unknown): Known<Packages> {
  for (const name of ['dpkg', 'rpm', 'apk'] as const) {
    const { format, parse } = formats[name];
    if (texts[name] === undefined) continue;
    return mapKnown(understood(texts[name], 'the installed packages', parse, absent), (installed) => ({
      format,
      installed,
      ...(format === 'deb' && { unfinished: unfinishedOf(textIn(texts.dpkg) ?? '') }),
    }));
  }
  return absent;
}

function pendingOf(texts: SoftwareTexts, installed: readonly Package[], absent: Unknown): Known<Pending> {
  const what = 'the pending updates';
  if (texts.apt !== undefined) return understood(texts.apt, what, parseAptPolicy, absent);
  if (texts.dnf !== undefined) {
    return understood(texts.dnf, what, (text) => parseDnf(text, textIn(texts['dnf-security']), installed), absent);
  }
  if (texts.zypper !== undefined) {
    return understood(texts.zypper, what, (text) => parseZypper(text, textIn(texts['zypper-security']), installed), absent);
  }
  return understood(texts['apk-upgrades'], what, (text) => parseApkVersion(text, installed), absent);
}

function understood<T>(
  read: TextRead | undefined,
  what: string,
  parse: (text: string) => T | undefined,
  absent: Unknown,
): Known<T> {
  if (read === undefined) return absent;
  if (!read.read) return unread(read, what);
  const value = parse(read.text);
  if (value !== undefined) return known(value);
  return unknown(
    `${what} could not be understood: the output has a form that palisade does not know`,
    `please report it with what \`${read.command}\` prints`,
  );
}

function textIn(read: TextRead | undefined): string | null {
  return read?.read === true ? read.text : null;
}
