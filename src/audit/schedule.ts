import { filesIn, type HostFile, type HostFiles, type Known, known } from '../model/host/index.ts';

/** Something that the host does again and again, or at boot. */
export interface Job {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** The command line, or one line of a script. */
  readonly command: string;
  /** `@reboot`, or a service that is started at boot. */
  readonly atBoot: boolean;
}

const tables = ['/etc/cron.d', '/var/spool/cron', '/var/spool/cron/crontabs', '/var/spool/cron/tabs'];
const scripts = ['/etc/cron.hourly', '/etc/cron.daily', '/etc/cron.weekly', '/etc/cron.monthly'];

const kept = new WeakMap<HostFiles, Known<readonly Job[]>>();

/** The lines of cron and of the services under /etc/systemd/system, comments left out. Scripts that they call are not read. */
export function scheduled(files: HostFiles): Known<readonly Job[]> {
  const found = kept.get(files) ?? read(files);
  kept.set(files, found);
  return found;
}

function read(files: HostFiles): Known<readonly Job[]> {
  const listed = filesIn(files, ...tables);
  const called = filesIn(files, ...scripts);
  const services = filesIn(files, '/etc/systemd/system');
  if (!listed.known) return listed;
  if (!called.known) return called;
  if (!services.known) return services;
  const main = ['/etc/crontab', '/etc/anacrontab'].flatMap((path) => files.get(path) ?? []);
  const jobs: Job[] = [];
  for (const file of [...main, ...listed.value]) {
    const lines = linesOf(file);
    if (!lines.known) return lines;
    for (const [line, text] of lines.value)
      jobs.push({ path: file.path, line, command: text, atBoot: /^\s*@reboot\b/.test(text) });
  }
  for (const file of called.value) {
    // Only what may be executed is run by run-parts.
    if (file.kind === 'file' && (file.mode & 0o111) === 0) continue;
    const lines = linesOf(file);
    if (!lines.known) return lines;
    for (const [line, text] of lines.value) jobs.push({ path: file.path, line, command: text, atBoot: false });
  }
  for (const file of services.value) {
    if (!file.path.endsWith('.service') || file.target !== null) continue;
    const lines = linesOf(file);
    if (!lines.known) return lines;
    for (const [line, text] of lines.value) {
      const command = /^\s*Exec\w+\s*=\s*[-@:+!]*(.*)$/.exec(text)?.[1];
      if (command !== undefined) jobs.push({ path: file.path, line, command, atBoot: true });
    }
  }
  return known(jobs);
}

function linesOf({ text }: HostFile): Known<readonly (readonly [number, string])[]> {
  if (!text.known) return text;
  const lines = text.value.split('\n').map((line, index) => [index + 1, line] as const);
  return known(lines.filter(([, line]) => /^\s*[^#\s]/.test(line)));
}
