import { type FileHandle, lstat, mkdir, open, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { upgradeCommand } from '../audit/staleness.ts';
import { type Host, type HostTexts, hostFromTexts } from '../model/host/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import type { Reading } from './reading.ts';
import { changedBetween, kept, packetsBetween, unreadOf } from './updates-drift.ts';
import { judged, updatesOf } from './updates-report.ts';
import type { UpdatesJson } from './updates-shape.ts';
import type { Context, Outcome } from './verb.ts';

type Applied = NonNullable<UpdatesJson['applied']>;

/**
 * Installs what is pending of netfilter and the kernel between two readings, both of which are kept. Scripts of packages may load, flush
 * or restart something: what differs afterwards is said, and nothing is put back by itself.
 */
export async function applyUpdates(context: Context, input: Reading & { readonly yes: boolean }): Promise<Outcome<UpdatesJson>> {
  const refusal = refused(input);
  if (refusal !== null) return { kind: 'invalid', problems: [refusal] };
  const { root } = await context.kernel.rights();
  if (!root) return notDone('only root may install packages', 'run palisade as root');
  context.progress('reading the firewall and the package lists');
  const before = await context.kernel.read({ software: true });
  const host = hostFromTexts(before);
  const { packages, pending } = host;
  if (!packages.known) return notDone(packages.why, packages.remedy);
  if (!pending.known) return notDone(pending.why, pending.remedy);
  const report = updatesOf(host);
  const names = report.updates.filter(({ applies }) => applies).map(({ name }) => name);
  if (packages.value.format !== 'deb') return notDone(...byHand(host, report.updates));
  if (names.length === 0) return judged(report);
  const unread = unreadOf({ host, texts: before });
  if (unread.length > 0) {
    return notDone(
      `the ${unread.join(' and ')} could not be read, so that nobody could say afterwards whether they are the same`,
      'see what palisade status says of them',
    );
  }
  const packagesBefore = await dpkgLines(context);
  if (packagesBefore === null) {
    return notDone('the states of the packages could not be read, so that nobody could compare them', 'run `dpkg-query -W`');
  }
  const made = await makeFolder(context, new Date(before.readAt).toISOString().replaceAll(':', '-'));
  if (!made.ok) return { kind: 'unchanged', problems: made.problems };
  const folder = made.value;
  const first = await keep(join(folder, 'before'), before, 'nothing was installed');
  if (!first.ok) return { kind: 'unchanged', problems: first.problems };
  const log = await openLog(join(folder, 'apt.log'));
  if (!log.ok) return { kind: 'unchanged', problems: log.problems };

  context.progress(`installing ${names.join(', ')}`);
  const install = await aptInstall(context, names, log.value);
  context.progress('reading the firewall again');
  const after = await context.kernel.read({ software: true });
  const second = await keep(join(folder, 'after'), after, 'there is nothing to compare with later');
  const fresh = hostFromTexts(after);
  const installed = installedBetween(host, fresh);
  const changed = changedBetween({ host, texts: before }, { host: fresh, texts: after });
  const same = unreadOf({ host: fresh, texts: after }).length === 0;
  // What a script of a package broke off is no longer installed, and not as it was either.
  const untouched = (await dpkgLines(context)) === packagesBefore;
  if (install !== null && untouched && changed.length === 0 && same) {
    return notDone(`apt-get did not install the updates: ${install}`, 'run `apt-get update`, then try again');
  }
  const applied: Applied = {
    installed,
    failed: install,
    rules: changed.length > 0 ? 'changed' : same ? 'same' : 'unknown',
    changed,
    packets: changed.length > 0 ? packetsBetween(host, fresh) : null,
    snapshots: { before: first.value, after: second.ok ? second.value : null },
  };
  const now = updatesOf(fresh);
  const lost = second.ok ? [] : second.problems.map(({ message, hint }) => ({ id: 'snapshot', why: message, remedy: hint }));
  return judged({ ...now, unknown: [...lost, ...now.unknown], applied });
}

function refused({ yes, ruleset, facts, sets }: Reading & { readonly yes: boolean }): Problem | null {
  if (ruleset.length > 0 || facts !== undefined || sets !== undefined) {
    return { code: 'usage', message: '--apply changes this host, and no files', hint: 'leave out --ruleset, --sets and --facts' };
  }
  if (yes) return null;
  return {
    code: 'usage',
    message: '--apply asks nothing and needs --yes',
    hint: 'look at palisade updates first, then add --yes',
  };
}

function notDone(message: string, hint: string): Outcome<UpdatesJson> {
  return { kind: 'unchanged', problems: [{ code: 'update-refused', message, hint }] };
}

/** Other package managers are not driven: nobody has tried what their scripts do to live rules. */
function byHand(host: Host, updates: UpdatesJson['updates']): readonly [string, string] {
  const command = [upgradeCommand(host), ...updates.map(({ name }) => name)].join(' ');
  const hint = `keep what iptables-save prints, run \`${command}\`, then compare with \`palisade diff FILE live\``;
  return ['palisade installs updates with apt-get only', updates.length === 0 ? 'nothing is pending here' : hint];
}

/** A new one below --state, in folders that root alone can change: what others plant there, such as a link, is not followed. */
async function makeFolder({ stateFolder }: Context, name: string): Promise<Result<string>> {
  const state = resolve(stateFolder);
  const updates = join(state, 'updates');
  const folder = join(updates, name);
  try {
    for (const each of [state, updates]) {
      await mkdir(each, { recursive: each === state, mode: 0o700 }).catch(unlessThere);
      const there = await lstat(each);
      if (there.isDirectory() && there.uid === 0 && (there.mode & 0o022) === 0) continue;
      return failed({
        code: 'update-refused',
        at: { file: each },
        message: 'this is no folder that root alone can change, and nothing was installed',
        hint: `name another one with --state DIR, or run \`chown root ${each}; chmod go-w ${each}\` once you have looked at it`,
      });
    }
    await mkdir(folder, { mode: 0o700 });
    return ok(folder);
  } catch (error) {
    return failed(notKept(folder, error, 'nothing was installed'));
  }
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

/** Files that only root reads. Nothing that stands there already is followed or overwritten. */
async function keep(folder: string, { texts }: HostTexts, so: string): Promise<Result<string>> {
  try {
    await mkdir(folder, { mode: 0o700 });
    for (const [name] of kept) {
      const read = texts[name];
      if (read.read) await writeFile(join(folder, name), read.text, { encoding: 'latin1', mode: 0o600, flag: 'wx', flush: true });
    }
    return ok(folder);
  } catch (error) {
    return failed(notKept(folder, error, so));
  }
}

function notKept(file: string, error: unknown, so: string): Problem {
  const { code = String(error) } = error as NodeJS.ErrnoException;
  return {
    code: 'update-refused',
    at: { file },
    message: `what was read could not be kept (${code}), and ${so}`,
    hint: 'name a folder with --state DIR that can be written to',
  };
}

interface Log {
  readonly path: string;
  readonly file: FileHandle;
}

async function openLog(path: string): Promise<Result<Log>> {
  try {
    return ok({ path, file: await open(path, 'wx+', 0o600) });
  } catch (error) {
    return failed(notKept(path, error, 'nothing was installed'));
  }
}

/**
 * `null` when all went well; else what apt said. A package manager that is stopped leaves halves: nothing of ours stops it, and it
 * goes on when we are gone.
 */
async function aptInstall({ kernel }: Context, names: readonly string[], { path, file }: Log): Promise<string | null> {
  try {
    const result = await kernel.run({
      argv: [
        'apt-get',
        'install',
        '--yes',
        '--quiet',
        '--only-upgrade',
        '--no-remove',
        // Files that the administrator changed stay; a lock is waited for.
        '-oDpkg::Options::=--force-confdef',
        '-oDpkg::Options::=--force-confold',
        '-oDPkg::Lock::Timeout=120',
        ...names,
      ],
      env: { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' },
      outputTo: file.fd,
    });
    if (result.kind === 'exited' && result.status === 0) return null;
    const how = result.kind === 'exited' ? `it ended with status ${result.status}` : `it ended by ${result.kind}`;
    return `${(await errorsIn(file)) || how} (all that it said: ${path})`;
  } finally {
    await file.close();
  }
}

const logEndBytes = 256 * 1024;

/** What apt calls errors, which stand at the end. */
async function errorsIn(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const start = Math.max(0, size - logEndBytes);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(logEndBytes), 0, logEndBytes, start);
  const lines = buffer.toString('latin1', 0, bytesRead).split('\n');
  const errors = lines.filter((line) => line.startsWith('E: ')).map((line) => line.slice(3));
  return errors.join('; ').slice(0, 500);
}

/** Name, version and state of every package of the machine: apt brings others along. `null` when that cannot be told. */
async function dpkgLines({ kernel }: Context): Promise<string | null> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const format = '${Package}:${Architecture}\\t${Version}\\t${db:Status-Status}\\t${db:Status-Eflag}\\n';
  const result = await kernel.run({ argv: ['dpkg-query', '-W', '-f', format], timeoutMs: 60_000 });
  return result.kind === 'exited' && result.status === 0 && result.stdout !== '' ? result.stdout : null;
}

function installedBetween(before: Host, after: Host): Applied['installed'] {
  if (!before.packages.known || !after.packages.known) return [];
  const old = before.packages.value.installed;
  return after.packages.value.installed.flatMap(({ name, version }) => {
    if (old.some((each) => each.name === name && each.version === version)) return [];
    return [{ name, from: old.find((each) => each.name === name)?.version ?? null, to: version }];
  });
}
