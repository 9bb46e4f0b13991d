import { compareVersions, linesOf, type Package } from './installed.ts';
import { compareDpkg } from './version-dpkg.ts';

/** A newer version that the package lists offer. */
export interface Update {
  readonly name: string;
  readonly installed: string;
  readonly candidate: string;
  /** `null` when the lists do not tell. */
  readonly security: boolean | null;
}

export interface Pending {
  readonly updates: readonly Update[];
  /** Installed, and in none of the lists: whether there is a newer version is not known. */
  readonly unlisted: readonly string[];
  /** Advisories of the distribution that wait, where it does not say for which packages. */
  readonly advisories: readonly string[];
}

/**
 * `apt-cache policy NAME…`. A security update waits when any version behind the installed one comes from a security archive,
 * even where the candidate comes from elsewhere.
 */
export function parseAptPolicy(text: string): Pending | undefined {
  const updates: Update[] = [];
  const unlisted: string[] = [];
  // Of each package its block; the name stands alone at the margin.
  const blocks = text.split(/^(?=\S)/m).filter((block) => block.trim() !== '');
  for (const block of blocks) {
    const [, name, installed, candidate] = /^(\S+):\n {2}Installed: (\S+)\n {2}Candidate: (\S+)\n/.exec(block) ?? [];
    if (name === undefined || installed === undefined || candidate === undefined) return undefined;
    if (installed === '(none)') continue;
    const offered = versionTable(block);
    if (offered === undefined) return undefined;
    if (offered.every(({ archives }) => archives.length === 0)) unlisted.push(name);
    if (candidate === '(none)' || compareDpkg(installed, candidate) >= 0) continue;
    const security = offered.some(
      ({ version, archives }) => compareDpkg(version, installed) > 0 && archives.some((archive) => isSecurity(archive)),
    );
    updates.push({ name, installed, candidate, security });
  }
  return { updates, unlisted, advisories: [] };
}

interface Offered {
  readonly version: string;
  /** `http://deb.debian.org/debian-security bookworm-security/main`; none when only dpkg knows it. */
  readonly archives: readonly string[];
}

function versionTable(block: string): readonly Offered[] | undefined {
  const start = block.indexOf('  Version table:\n');
  if (start < 0) return undefined;
  const found: { version: string; archives: string[] }[] = [];
  for (const line of linesOf(block.slice(start)).slice(1)) {
    const version = /^ (?:\*\*\*| {3}) (\S+) -?\d+(?: \(phased \d+%\))?$/.exec(line)?.[1];
    const origin = /^ {6,}-?\d+ (\S.*)$/.exec(line)?.[1];
    if (version !== undefined) found.push({ version, archives: [] });
    else if (origin === undefined) return undefined;
    else if (!origin.startsWith('/')) found.at(-1)?.archives.push(origin);
  }
  return found;
}

/** Debian's `bookworm-security/main`, before Debian 11 `buster/updates`; Ubuntu's `jammy-security/main`. */
function isSecurity(archive: string): boolean {
  const [uri = '', suite = ''] = archive.split(' ');
  return /-security(?:\/|$)/.test(suite) || /^[a-z]+\/updates(?:\/|$)/.test(suite) || uri.includes('security.debian.org');
}

/** `dnf -q check-update`: `NAME.ARCH  EVR  REPOSITORY`, until the packages that others make obsolete. */
export function parseDnf(text: string, security: string | null, installed: readonly Package[]): Pending | undefined {
  const waiting = security === null ? null : advised(security);
  if (waiting === undefined) return undefined;
  const updates: Update[] = [];
  for (const line of linesOf(text)) {
    if (line.startsWith('Obsoleting Packages')) break;
    const [, name, arch, candidate] = /^(\S+)\.([a-z0-9_]+)\s+(\S+)\s+\S+\s*$/.exec(line) ?? [];
    if (name === undefined || candidate === undefined) return undefined;
    const present = newestOf(installed, name);
    if (present === undefined) continue;
    const full = `${name}-${withoutEpoch(candidate)}.${arch}`;
    updates.push({ name, installed: present, candidate, security: waiting === null ? null : waiting.has(full) });
  }
  return { updates, unlisted: [], advisories: [] };
}

/** `dnf -q updateinfo list --security`: `RHSA-2024:3306 Important/Sec. kernel-core-5.14.0-427.20.1.el9_4.x86_64`. */
function advised(text: string): ReadonlySet<string> | undefined {
  const packages = new Set<string>();
  for (const line of linesOf(text)) {
    if (/^Name\s+Type\s+Severity\s+Package/.test(line)) continue;
    // dnf 4 writes ID KIND/Sec. PACKAGE, dnf 5 ID security SEVERITY PACKAGE DATE.
    const [id = '', kind = '', third, fourth] = line.trim().split(/\s+/);
    const name = id.includes('-') ? (kind.endsWith('/Sec.') ? third : kind === 'security' ? fourth : undefined) : undefined;
    if (name === undefined) return undefined;
    packages.add(withoutEpoch(name));
  }
  return packages;
}

function withoutEpoch(text: string): string {
  return text.replace(/(^|-)\d+:/, '$1');
}

/** `zypper -x list-updates` and `zypper -x list-patches`, which says of a patch what it is, and not of which packages. */
export function parseZypper(text: string, patches: string | null, installed: readonly Package[]): Pending | undefined {
  const listed = elements(text);
  const known = patches === null ? null : elements(patches);
  if (listed === undefined || known === undefined) return undefined;
  const advisories = (known ?? [])
    .filter((patch) => patch.get('kind') === 'patch' && patch.get('category') === 'security' && patch.get('status') !== 'applied')
    .map((patch) => patch.get('name') ?? '');
  const updates = listed.flatMap((update): readonly Update[] => {
    const [name, candidate] = [update.get('name'), update.get('edition')];
    if (update.get('kind') !== 'package' || name === undefined || candidate === undefined) return [];
    const present = newestOf(installed, name);
    if (present === undefined) return [];
    // Without any patch for security none of them is one.
    return [{ name, installed: present, candidate, security: known !== null && advisories.length === 0 ? false : null }];
  });
  return { updates, unlisted: [], advisories };
}

/** The attributes of each `<update …>`; `undefined` when the text is not the whole of what zypper prints. */
function elements(text: string): readonly ReadonlyMap<string, string>[] | undefined {
  const whole = text.startsWith('<?xml ') && text.trimEnd().endsWith('</stream>') && text.includes('<update-status');
  if (!whole) return undefined;
  return [...text.matchAll(/<update\s([^<>]*?)\/?>/g)].map(
    ([, attributes = '']) =>
      new Map([...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, unescaped(value)])),
  );
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function unescaped(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name] ?? '');
}

/** `apk version -v -l '<'`: a title, then `iptables-1.8.9-r0  < 1.8.10-r3`. Alpine's lists do not tell what an update is for. */
export function parseApkVersion(text: string, installed: readonly Package[]): Pending | undefined {
  const updates: Update[] = [];
  for (const line of linesOf(text)) {
    if (/^Installed:\s+Available:/.test(line)) continue;
    const [, full = '', candidate] = /^(\S+)\s+<\s+(\S+)/.exec(line) ?? [];
    if (candidate === undefined) return undefined;
    const present = installed.find(({ name, version }) => `${name}-${version}` === full);
    if (present !== undefined) updates.push({ name: present.name, installed: present.version, candidate, security: null });
  }
  return { updates, unlisted: [], advisories: [] };
}

function newestOf(installed: readonly Package[], name: string): string | undefined {
  return installed
    .filter((each) => each.name === name)
    .map(({ version }) => version)
    .sort((a, b) => compareVersions('rpm', a, b) ?? 0)
    .at(-1)
    ?.replace(/^0:/, '');
}
