import { lstatSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lockState } from '../../change/index.ts';
import {
  type Every,
  installSchedule,
  type Machine,
  readRuns,
  removeSchedule,
  scheduleInstalled,
  usualJitterMs,
} from '../../change/schedule/index.ts';
import type { Problem } from '../../result.ts';
import type { BackupPartJson } from '../backup-shape.ts';
import type { Context, Outcome } from '../verb.ts';
import { destinationsFor } from './creating.ts';
import { machineId } from './scheduled.ts';

type Ended = Outcome<BackupPartJson>;

export interface Scheduling {
  readonly every: Every;
  readonly jitterMs: number | null;
  readonly copyTo: readonly string[];
  /** Flags of `backup prune`, as they are to be given. */
  readonly keeping: readonly string[];
}

const machine = (): Machine => ({ root: '/', id: machineId() });

/** Has the machine take snapshots by itself from now on. */
export async function install(context: Context, asked: Scheduling): Promise<Ended> {
  const refusal = await mayInstall(context);
  if (refusal !== null) return refusal;
  const { destinations, problems } = destinationsFor(context, asked.copyTo);
  if (problems.length > 0) return { kind: 'invalid', problems };
  const launcher = launcherPath();
  const unsafe = whoElseWrites(launcher);
  if (unsafe !== null) return { kind: 'unchanged', problems: [unsafe] };
  const { every, copyTo, keeping } = asked;
  const state = resolve(context.stateFolder);
  const jitterMs = asked.jitterMs ?? usualJitterMs(every);
  const places = ['--state', state, ...(context.configFile === undefined ? [] : ['--config', context.configFile])];
  const rest = ['--jitter', String(jitterMs / 1000), ...copyTo.flatMap((to) => ['--copy-to', to]), ...keeping];
  const schedule = (due: string) => ({
    every,
    jitterMs,
    command: [launcher, '--quiet', ...places, 'backup', 'create', '--due', due, ...rest] as const,
    stateFolder: state,
    folders: destinations.flatMap((one) => (one.kind === 'folder' ? [one.path] : [])),
  });
  const locked = lockState(state);
  if (!locked.ok) return { kind: 'unchanged', problems: locked.problems };
  // The folder is there now: a service that may write there alone would not start without.
  locked.value();
  // A timer knows when it is time.
  const installed = await installSchedule(context.kernel.run, machine(), { systemd: schedule('now'), cron: schedule(every) });
  if (!installed.ok) return { kind: 'unchanged', problems: installed.problems };
  return await show(context);
}

/** What the machine does by itself, and when it last did. */
export async function show(context: Context): Promise<Ended> {
  const found = await scheduleInstalled(context.kernel.run, machine(), context.clock.now());
  if (found === null) {
    const text = 'No snapshots are taken by themselves; palisade backup schedule --every daily has the machine do that.';
    await context.part({ kind: 'note', text } satisfies BackupPartJson);
    return { kind: 'done', value: null };
  }
  const { by, schedule, files, next, lack } = found;
  const { begun, succeeded, why } = readRuns(schedule.stateFolder);
  const seconds = (at: number | null): number | null => (at === null ? null : at / 1000);
  await context.part({
    kind: 'schedule',
    by,
    every: schedule.every,
    jitter: schedule.jitterMs / 1000,
    command: [...schedule.command],
    files: [...files],
    next: seconds(next),
    lack,
    begun: seconds(begun),
    succeeded: seconds(succeeded),
    why,
  } satisfies BackupPartJson);
  return { kind: lack === null && why === null ? 'done' : 'found', value: null };
}

export async function remove(context: Context): Promise<Ended> {
  const refusal = await mayInstall(context);
  if (refusal !== null) return refusal;
  const removed = await removeSchedule(context.kernel.run, '/');
  if (!removed.ok) return { kind: 'unchanged', problems: removed.problems };
  await context.part({ kind: 'unscheduled', files: [...removed.value] } satisfies BackupPartJson);
  return { kind: 'done', value: null };
}

async function mayInstall(context: Context): Promise<Ended | null> {
  const { root, why } = await context.kernel.rights();
  if (root) return null;
  const message = `the machine may not be told what to do by itself: ${why}`;
  return { kind: 'unread', problems: [{ code: 'unread', message, hint: 'run palisade as root' }] };
}

/** Of the program that this is: in a checkout below `src`, in a release beside `dist`. */
function launcherPath(): string {
  const above = import.meta.url.endsWith('.ts') ? '../../../bin/palisade' : '../bin/palisade';
  return realpathSync(fileURLToPath(new URL(above, import.meta.url)));
}

/** Root will run it for ever: whoever could write it, or give its name to something else, would become root. */
function whoElseWrites(program: string): Problem | null {
  for (let path = program; ; path = dirname(path)) {
    const { uid, mode } = lstatSync(path);
    // In a folder such as /tmp nobody can take away what is not his.
    const isOpen = (mode & 0o022) !== 0 && (mode & 0o1000) === 0;
    if (uid !== 0 || isOpen)
      return {
        code: 'schedule-refused',
        at: { file: path },
        message: 'others than root can change the program that root would run',
        hint: 'install palisade where only root can write, or mend who owns it',
      };
    if (path === dirname(path)) return null;
  }
}
