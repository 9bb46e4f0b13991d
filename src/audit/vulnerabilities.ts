import { compareDpkg, type Host, type RunningKernel } from '../model/host/index.ts';
import { type Cve, cves, cvesAsOf, cvesOldDays } from './cves.ts';
import { sysctl } from './surroundings.ts';

/** A vulnerability that this machine has, or may have. */
export interface Vulnerability {
  readonly cve: Cve;
  /** `possible`: the version was compared with upstream's, and whoever built it may have mended it. */
  readonly certainty: 'certain' | 'possible';
  /** What runs. */
  readonly version: string;
  /** The first version with the fix, in the words of the same makers; `null` when that is not known. */
  readonly fixedIn: string | null;
  /** Only root can reach it here. */
  readonly mitigated: boolean;
}

/** Those of which it cannot be told. */
export interface Untold {
  readonly ids: readonly string[];
  readonly why: string;
  readonly remedy: string;
}

export interface Vulnerabilities {
  readonly found: readonly Vulnerability[];
  readonly untold: readonly Untold[];
}

const dayMs = 86_400_000;

/** How old the list was when the host was read. */
export function cvesAgeDays(host: Host): number {
  return Math.max(0, Math.floor((host.readAt - Date.parse(cvesAsOf)) / dayMs));
}

/**
 * Compares what runs with the list of known vulnerabilities. A kernel of Debian is compared with Debian's own versions; of one that was
 * built for the machine only upstream's are known; other distributions mend old versions, and only what is newer than the mainline fix
 * is known to have it.
 */
export function vulnerabilities(host: Host): Vulnerabilities {
  const found: Vulnerability[] = [];
  const untold: Untold[] = [];
  const mitigated = usernsOff(host) !== null;
  for (const product of ['linux', 'iptables'] as const) {
    const installed = product === 'linux' ? kernelOf(host) : iptablesOf(host);
    if (installed === null) continue;
    const known = cves.filter((cve) => cve.product === product);
    if ('why' in installed) {
      untold.push({ ids: known.map(({ id }) => id), why: installed.why, remedy: installed.remedy });
      continue;
    }
    const unsure: string[] = [];
    for (const cve of known) {
      const state = judge(cve, installed);
      if (state === 'unknown') unsure.push(cve.id);
      if (state !== 'certain' && state !== 'possible') continue;
      const fixedIn = fixOf(cve, installed);
      found.push({ cve, certainty: state, version: installed.version, fixedIn, mitigated: mitigated && product === 'linux' });
    }
    if (unsure.length > 0) {
      untold.push({
        ids: unsure,
        why: `the list of ${cvesAsOf} does not say in which version ${installed.makers} mended ${unsure.join(', ')}; ${installed.version} runs`,
        remedy: `ask the security tracker of ${installed.makers}`,
      });
    }
  }
  const age = cvesAgeDays(host);
  if (age > cvesOldDays) {
    untold.push({ ids: [], why: `palisade's list of vulnerabilities is ${age} days old`, remedy: 'install a newer palisade' });
  }
  return { found, untold };
}

interface Installed {
  readonly version: string;
  /** Whose versions these are. */
  readonly makers: string;
  readonly kind: 'debian' | 'distribution' | 'custom';
}

interface Missing {
  readonly why: string;
  readonly remedy: string;
}

function kernelOf(host: Host): Installed | Missing {
  if (!host.kernel.known) return host.kernel;
  const { release, build } = host.kernel.value;
  const built = /\bDebian (\d\S*)/.exec(build)?.[1] ?? packaged(host, release);
  if (built !== undefined) return { version: built, makers: 'Debian', kind: 'debian' };
  const makers = distributionOf(host, host.kernel.value);
  if (makers !== null) return { version: release, makers, kind: 'distribution' };
  return { version: release, makers: 'kernel.org', kind: 'custom' };
}

/** By the package of the running kernel, where `uname -v` was not told. */
function packaged({ packages, release }: Host, running: string): string | undefined {
  if (!packages.known || !release.known || release.value.id !== 'debian') return undefined;
  return packages.value.installed.find(({ name }) => name === `linux-image-${running}`)?.version;
}

/** Names of kernels that distributions build: their marks in the release or the build. */
const built =
  /Ubuntu|\.(?:el|fc|amzn|uek|oe|an)\d|-(?:default|preempt|generic|lowlatency|aws|azure|gcp|oracle|raspi|lts|virt|pve|arch\d-\d+|MANJARO)\b/;

function distributionOf({ release, packages }: Host, { release: running, build }: RunningKernel): string | null {
  const name = release.known ? release.value.name : 'its distribution';
  if (built.test(running) || built.test(build)) return name;
  const owned =
    packages.known &&
    packages.value.installed.some((each) => each.name.startsWith('linux-image-') && each.name.endsWith(running));
  return owned ? name : null;
}

/** `null` without iptables: there is nothing to mend. */
function iptablesOf({ packages, release }: Host): Installed | Missing | null {
  if (!packages.known) return packages;
  const { installed } = packages.value;
  const own = installed.find(({ name }) => name === 'iptables') ?? installed.find(({ name }) => /^iptables(?:-|$)/.test(name));
  if (own === undefined) return null;
  const version = own.version.replace(/^\d+:/, '');
  return { version, makers: release.known ? release.value.name : 'its distribution', kind: 'distribution' };
}

type State = 'fixed' | 'certain' | 'possible' | 'unknown';

function judge(cve: Cve, { version, kind }: Installed): State {
  const [mainline = '', ...stable] = cve.fixed;
  // Whatever is made of a version that has the fix has it too.
  if (compareUpstream(version, mainline) >= 0) return 'fixed';
  const series = stable.find((fixed) => seriesOf(fixed) === seriesOf(version));
  const debian = kind === 'debian' ? debianFix(cve, version) : undefined;
  if (debian !== undefined) return debian === '0' || compareDpkg(version, debian) >= 0 ? 'fixed' : 'certain';
  if (kind === 'distribution') return 'unknown';
  if (cve.since !== undefined && compareUpstream(version, cve.since) < 0) return 'fixed';
  if (series === undefined) return 'unknown';
  if (compareUpstream(version, series) >= 0) return 'fixed';
  return kind === 'custom' ? 'possible' : 'unknown';
}

function fixOf(cve: Cve, { version, kind }: Installed): string | null {
  if (kind === 'debian') return debianFix(cve, version) ?? null;
  return cve.fixed.find((fixed) => seriesOf(fixed) === seriesOf(version)) ?? null;
}

/** Kernels of Debian by their series, whichever release they run on: those of backports are the next release's. */
const debianSeries: Readonly<Record<string, string>> = { '5.10': '11', '6.1': '12', '6.12': '13' };

function debianFix(cve: Cve, version: string): string | undefined {
  const release = debianSeries[seriesOf(version)];
  return release === undefined ? undefined : cve.debian?.[release];
}

function seriesOf(version: string): string {
  return numbersOf(version).slice(0, 2).join('.');
}

function compareUpstream(a: string, b: string): number {
  const [one, other] = [numbersOf(a), numbersOf(b)];
  for (let at = 0; at < 3; at += 1) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): readonly number[] {
  return (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? '').split('.').map(Number);
}

/** Which setting keeps user namespaces from plain users; `null` when none is known to. */
export function usernsOff(host: Host): string | null {
  const off = [
    ['kernel.unprivileged_userns_clone', '0'],
    ['user.max_user_namespaces', '0'],
    ['kernel.apparmor_restrict_unprivileged_userns', '1'],
  ] as const;
  const found = off.find(([name, value]) => sysctl(host, name) === value);
  return found === undefined ? null : `${found[0]} is ${found[1]}`;
}
