import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Run } from '../../kernel/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { unitFolder } from '../boot/units.ts';
import { cronFile, cronPath } from './cron.ts';
import { nextBegin, offsetOf } from './due.ts';
import { type Schedule, scheduleIn } from './schedule.ts';
import { serviceName, timerName, timerUnits } from './timer.ts';

/** By whom a machine does what it is to do by itself. */
export type By = 'systemd' | 'cron';

export interface Scheduled {
  readonly by: By;
  readonly schedule: Schedule;
  readonly files: readonly string[];
  /** When it is next, in epoch milliseconds; `null` where nobody will do it, or says when. */
  readonly next: number | null;
  /** What keeps it from being done; `null`: nothing that can be seen. */
  readonly lack: string | null;
}

/** What of the machine is looked at: its folders, from `/` or from where an image lies, and its name for itself. */
export interface Machine {
  readonly root: string;
  /** The content of /etc/machine-id, or what else tells it from others. */
  readonly id: string;
}

const unitFiles = [serviceName, timerName].map((name) => join(unitFolder, name));

/**
 * Has the machine do it from now on, instead of what it did before: by systemd where that is process 1, else by cron, which is given another
 * command, since it only asks often.
 */
export async function installSchedule(
  run: Run,
  { root, id }: Machine,
  schedules: Readonly<Record<By, Schedule>>,
): Promise<Result<By>> {
  if (Object.values(schedules).some(holdsControl)) return failed(uncontrolled);
  if (existsSync(join(root, 'run/systemd/system'))) {
    for (const [name, text] of timerUnits(schedules.systemd)) writeWhole(join(root, unitFolder, name), text);
    const enabled = await systemctl(run, ['daemon-reload'], ['enable', timerName], ['restart', timerName]);
    if (enabled !== null) {
      await removeSchedule(run, root);
      return failed(enabled);
    }
    rmSync(join(root, cronPath), { force: true });
    return ok('systemd');
  }
  if (!existsSync(join(root, dirname(cronPath)))) return failed(nobody);
  const text = cronFile(schedules.cron, offsetOf(id, schedules.cron.jitterMs));
  if (!text.ok) return text;
  writeWhole(join(root, cronPath), text.value);
  return ok('cron');
}

/** Whether a word of it would end a line of the files that say it. */
function holdsControl({ command, stateFolder, folders }: Schedule): boolean {
  return [...command, stateFolder, ...folders].some((word) => /\p{Cc}/u.test(word));
}

const uncontrolled: Problem = {
  code: 'schedule-refused',
  message: 'a path holds a line break or another control character',
  hint: 'choose plainer paths',
};

/** Files that were taken away. What lies in them of another origin goes too. */
export async function removeSchedule(run: Run, root: string): Promise<Result<readonly string[]>> {
  const there = [...unitFiles, cronPath].filter((file) => existsSync(join(root, file)));
  const hasUnits = there.some((file) => unitFiles.includes(file));
  const isUp = existsSync(join(root, 'run/systemd/system'));
  const disabled = hasUnits && isUp ? await systemctl(run, ['disable', '--now', timerName]) : null;
  for (const file of there) rmSync(join(root, file), { force: true });
  rmSync(join(root, unitFolder, 'timers.target.wants', timerName), { force: true });
  if (hasUnits && isUp) await systemctl(run, ['daemon-reload']);
  return disabled === null ? ok(there) : failed(disabled);
}

/** What the machine does by itself; `null`: nothing. */
export async function scheduleInstalled(run: Run, { root, id }: Machine, now: number): Promise<Scheduled | null> {
  const [units, cron] = [join(root, unitFolder, serviceName), join(root, cronPath)].map(textOf);
  if (units !== null && units !== undefined) {
    const schedule = scheduleIn(units);
    if (schedule === null) return null;
    const { lack, next } = await timerState(run);
    return { by: 'systemd', schedule, files: unitFiles, lack, next };
  }
  const schedule = scheduleIn(cron ?? '');
  if (schedule === null) return null;
  const lack = cronRuns() ? null : 'cron does not run';
  const next = lack === null ? nextBegin(schedule.every, offsetOf(id, schedule.jitterMs), now) : null;
  return { by: 'cron', schedule, files: [cronPath], lack, next };
}

async function timerState(run: Run): Promise<Pick<Scheduled, 'lack' | 'next'>> {
  const argv = ['systemctl', 'show', timerName, '-p', 'ActiveState,NextElapseUSecRealtime'] as const;
  const shown = await run({ argv, env: { TZ: 'UTC' } });
  if (shown.kind !== 'exited' || shown.status !== 0) return { lack: 'systemd does not say whether its timer runs', next: null };
  const isActive = /^ActiveState=active$/m.test(shown.stdout);
  const [, day, time] = /^NextElapseUSecRealtime=\w+ (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/m.exec(shown.stdout) ?? [];
  const next = day === undefined ? null : Date.parse(`${day}T${time}Z`);
  return { lack: isActive ? null : 'its timer does not run', next };
}

/** By what the kernel calls it, in Debian and elsewhere. */
function cronRuns(): boolean {
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    return /^(?:cron|crond)$/.test(textOf(`/proc/${pid}/comm`)?.trim() ?? '');
  });
}

async function systemctl(run: Run, ...calls: readonly (readonly string[])[]): Promise<Problem | null> {
  for (const call of calls) {
    const result = await run({ argv: ['systemctl', '--quiet', ...call], timeoutMs: 60_000 });
    if (result.kind === 'exited' && result.status === 0) continue;
    const why = result.kind === 'exited' ? (result.stderr.trim().split('\n')[0] ?? '') : `systemctl: ${result.kind}`;
    return {
      code: 'schedule-refused',
      message: `systemd does not take the timer: ${why}`,
      hint: `see systemctl status ${timerName}`,
    };
  }
  return null;
}

const nobody: Problem = {
  code: 'schedule-refused',
  message: 'this machine has neither systemd nor cron to do it',
  hint: 'install cron (Debian: apt-get install cron), or have something else run palisade backup create --due daily every ten minutes',
};

function writeWhole(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text, { flush: true });
  chmodSync(`${file}.new`, 0o644);
  renameSync(`${file}.new`, file);
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
