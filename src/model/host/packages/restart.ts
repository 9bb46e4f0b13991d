import { type Known, known, unknown } from '../known.ts';
import type { RunningKernel } from '../software.ts';
import { compareVersions, type Package, type Packages } from './installed.ts';

/** Whether the machine waits to be started anew before its updates count. */
export interface Restart {
  readonly pending: boolean;
  /** One clause. */
  readonly why: string;
}

/** What was read; `null` where the machine has no such thing, or nobody asked. */
export interface RestartTexts {
  /** `/run/reboot-required` and `….pkgs`; empty when they are not there. */
  readonly required: string | null;
  /** `needrestart -b -k`. */
  readonly needrestart: string | null;
}

/**
 * A request that was left behind counts before all. Otherwise the running kernel must be one of the installed packages to be compared
 * with them: that of a container, or one that was built for the machine, is not.
 */
export function restartOf(kernel: Known<RunningKernel>, packages: Known<Packages>, texts: RestartTexts): Known<Restart> {
  const asking = (texts.required ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('***'));
  if ((texts.required ?? '').trim() !== '') {
    const by = asking.length === 0 ? '' : ` for ${[...new Set(asking)].join(', ')}`;
    return known({ pending: true, why: `/run/reboot-required asks for it${by}` });
  }
  const expected = expectedBy(texts.needrestart ?? '');
  if (expected !== null) return known({ pending: true, why: `needrestart expects the kernel ${expected}` });
  if (!kernel.known) return kernel;
  if (!packages.known) return packages;
  const images = imagesOf(packages.value, kernel.value);
  if (images === undefined) {
    return unknown(
      `the running kernel ${kernel.value.release} is of none of the installed packages, as in a container or where it was built for the machine`,
      'compare it by hand with the newest of its makers; in a container, run palisade on its host',
    );
  }
  const { format, running, others } = images;
  const newer = others.find(({ version }) => (compareVersions(format, version, running) ?? 0) > 0);
  return known(
    newer === undefined
      ? { pending: false, why: `the running kernel ${kernel.value.release} is the newest that is installed` }
      : { pending: true, why: `the kernel ${running} runs, and ${newer.version} is installed (${newer.name})` },
  );
}

/** States 2 and 3 of NEEDRESTART-KSTA: another build of the same version, another version. */
function expectedBy(text: string): string | null {
  if (!/^NEEDRESTART-KSTA: [23]$/m.test(text)) return null;
  return /^NEEDRESTART-KEXP: (.+)$/m.exec(text)?.[1] ?? 'of another version';
}

interface Images {
  readonly format: 'deb' | 'rpm' | 'apk';
  /** The version of the package that the running kernel is from, as it was built. */
  readonly running: string;
  /** Images of the same kind, that package among them. */
  readonly others: readonly Package[];
}

function imagesOf({ format, installed }: Packages, kernel: RunningKernel): Images | undefined {
  if (format === 'deb') return debian(installed, kernel);
  if (format === 'rpm') return redHat(installed, kernel.release);
  return format === 'apk' ? alpine(installed, kernel.release) : undefined;
}

const debianImage = /^linux-image-(?:unsigned-)?(\d.*)$/;

function debian(installed: readonly Package[], { release, build }: RunningKernel): Images | undefined {
  const own = installed.find(({ name }) => debianImage.exec(name)?.[1] === release);
  if (own === undefined) return undefined;
  const others = installed.filter(({ name }) => {
    const image = debianImage.exec(name)?.[1];
    return image !== undefined && flavour(image) === flavour(release);
  });
  // A rebuilt package keeps its name; what runs was built as `uname -v` says.
  return { format: 'deb', running: /\bDebian (\d\S*)/.exec(build)?.[1] ?? own.version, others };
}

/** `cloud-amd64` of 6.1.0-18-cloud-amd64. */
function flavour(release: string): string {
  const words = release.split('-');
  const first = words.findIndex((word) => !/^\d|^rc/.test(word));
  return first < 0 ? '' : words.slice(first).join('-');
}

/** Fedora and its kin say VERSION-RELEASE.ARCH, SUSE a shortened release and the flavour. */
function redHat(installed: readonly Package[], release: string): Images | undefined {
  const images = installed.filter(({ name }) => /^kernel(?:-|$)/.test(name));
  const [, base, kind] = /^(.+)-([a-z]+)$/.exec(release) ?? [];
  const own = images.find(({ name, version }) => {
    const plain = version.replace(/^\d+:/, '');
    if (release.startsWith(`${plain}.`)) return true;
    return base !== undefined && name === `kernel-${kind}` && (plain === base || plain.startsWith(`${base}.`));
  });
  return own && { format: 'rpm', running: own.version, others: images.filter(({ name }) => name === own.name) };
}

/** 6.6.41-0-lts is linux-lts 6.6.41-r0, of which there is only one. */
function alpine(installed: readonly Package[], release: string): Images | undefined {
  const [, version, revision, kind] = /^([\d.]+)-(\d+)-([a-z]+)$/.exec(release) ?? [];
  const own = installed.find(({ name }) => kind !== undefined && name === `linux-${kind}`);
  return own && { format: 'apk', running: `${version}-r${revision}`, others: [own] };
}
