import { basename, dirname } from 'node:path';
import { failed, ok, type Result } from '../../result.ts';

/** One source that is to be read. */
export type Chosen =
  | { readonly kind: 'nflog'; readonly group: number }
  | { readonly kind: 'kmsg' }
  | { readonly kind: 'journal'; readonly packets: boolean; readonly logins: boolean }
  | { readonly kind: 'file'; readonly path: string }
  /** A file that ulogd writes. */
  | { readonly kind: 'ulogd'; readonly path: string }
  | { readonly kind: 'stdin' };

/** What there is on a host. */
export interface SourceFacts {
  /** The NFLOG groups that its rules name. */
  readonly nflogGroups: readonly number[];
  /** /dev/kmsg may be read. */
  readonly kmsg: boolean;
  /** There are journals, and a program to read them. */
  readonly journal: boolean;
  /** Log files of the usual names that may be read, by {@link usualFiles}. */
  readonly files: readonly string[];
}

export interface Choice {
  readonly sources: readonly Chosen[];
  /** What was asked for and is not read, and why. */
  readonly notices: readonly string[];
}

/** Where syslog daemons write what the kernel says; the same lines in each, so one is enough. */
const kernelFiles = ['kern.log', 'messages', 'syslog'];
/** Where they write what sshd says. */
const loginFiles = ['auth.log', 'secure'];
export const usualFiles: readonly string[] = [...kernelFiles, ...loginFiles].map((name) => `/var/log/${name}`);

/**
 * Which sources are read. Each packet shall count once: what LOG rules report is read from one place, though the kernel's log, the journal and log files
 * all have it. That is /dev/kmsg where it may be read, for nothing is sooner (the journal has a record some milliseconds later); the journal then tells
 * of logins alone. Log files, into which others than the kernel can write, are read where nothing else is, or where they are named.
 *
 * @param wanted `auto`, or names: `kmsg`, `journal`, `nflog:GROUP`, a log file, `ulogd:FILE`, `stdin`.
 */
export function chooseSources(wanted: 'auto' | readonly string[], facts: SourceFacts): Result<Choice> {
  return wanted === 'auto' ? ok({ sources: bySight(facts), notices: [] }) : byName(wanted);
}

function bySight(facts: SourceFacts): readonly Chosen[] {
  const { kmsg, journal } = facts;
  const file = (names: readonly string[]): readonly Chosen[] =>
    facts.files
      .filter((path) => names.includes(basename(path)))
      .slice(0, 1)
      .map((path) => ({ kind: 'file', path }));
  return [
    ...[...new Set(facts.nflogGroups)].map((group): Chosen => ({ kind: 'nflog', group })),
    ...(kmsg ? [{ kind: 'kmsg' } as const] : []),
    ...(journal ? [{ kind: 'journal', packets: !kmsg, logins: true } as const] : []),
    ...(kmsg || journal ? [] : file(kernelFiles)),
    ...(journal ? [] : file(loginFiles)),
  ];
}

function byName(names: readonly string[]): Result<Choice> {
  const named: Chosen[] = [];
  for (const name of new Set(names)) {
    const source = sourceOf(name);
    if (source === null)
      return failed({
        code: 'config-invalid',
        message: `watch.sources: "${name}" is no source`,
        hint: 'write kmsg, journal, nflog:GROUP, ulogd:FILE, stdin, or the path of a log file from / on',
      });
    named.push(source);
  }
  const hasKmsg = named.some(({ kind }) => kind === 'kmsg');
  const kernel = hasKmsg ? 'kmsg' : named.some(({ kind }) => kind === 'journal') ? 'the journal' : null;
  const sources: Chosen[] = [];
  const notices: string[] = [];
  for (const source of named) {
    const again = source.kind === 'file' ? twice(source.path, kernel, sources) : null;
    if (again !== null) notices.push(again);
    else sources.push(source.kind === 'journal' ? { ...source, packets: !hasKmsg } : source);
  }
  return ok({ sources, notices });
}

function sourceOf(name: string): Chosen | null {
  if (name === 'kmsg' || name === 'stdin') return { kind: name };
  if (name === 'journal') return { kind: 'journal', packets: true, logins: true };
  const group = /^nflog:(\d{1,5})$/.exec(name)?.[1];
  if (group !== undefined) return Number(group) <= 65_535 ? { kind: 'nflog', group: Number(group) } : null;
  if (name.startsWith('ulogd:/')) return { kind: 'ulogd', path: name.slice('ulogd:'.length) };
  return name.startsWith('/') ? { kind: 'file', path: name } : null;
}

/** Why a file's packets would count twice; `null`: they would not, as far as its name tells. */
function twice(path: string, kernel: string | null, before: readonly Chosen[]): string | null {
  const name = basename(path);
  if (loginFiles.includes(name)) return null;
  if (kernel !== null)
    return `${path} is not read: the packets in it would count a second time beside ${kernel}. If ulogd writes it, say ulogd:${path}.`;
  const same = before.find(
    (source) => source.kind === 'file' && dirname(source.path) === dirname(path) && kernelFiles.includes(basename(source.path)),
  );
  return kernelFiles.includes(name) && same?.kind === 'file'
    ? `${path} is not read: the kernel's lines in it are those of ${same.path}, and would count a second time.`
    : null;
}
