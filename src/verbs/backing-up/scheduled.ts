import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { unwritable } from '../../change/index.ts';
import { type Every, isDue, offsetOf, readRuns, usualJitterMs, writeRuns } from '../../change/schedule/index.ts';
import type { Keeping as Periods } from '../../change/snapshots/index.ts';
import type { BackupPartJson } from '../backup-shape.ts';
import { noteAlone } from '../changing/noting.ts';
import { sealJournal } from '../journaling.ts';
import type { Context, Outcome } from '../verb.ts';
import { destinationsFor, keepAndCopy } from './creating.ts';
import { prune } from './pruning.ts';

export interface Due {
  /** `now`: whoever calls knows that it is time. */
  readonly every: Every | 'now';
  readonly jitterMs: number | null;
  readonly copyTo: readonly string[];
  readonly periods: Periods;
}

const unended = 'it did not come to its end';

/** What the schedule does: a snapshot if it is time for one, copies of it, what no period keeps goes, and the journal is sealed. */
export async function createDue(context: Context, due: Due): Promise<Outcome<BackupPartJson>> {
  const state = resolve(context.stateFolder);
  const begun = context.clock.now();
  const before = readRuns(state);
  const { every } = due;
  if (every !== 'now') {
    const offsetMs = offsetOf(machineId(), due.jitterMs ?? usualJitterMs(every));
    if (!isDue(before, every, offsetMs, begun)) {
      await context.part({ kind: 'note', text: 'It is not time for a snapshot yet.' } satisfies BackupPartJson);
      return { kind: 'done', value: null };
    }
  }
  if (before.why === unended && before.begun !== null)
    await fail(context, state, `the scheduled snapshot of ${new Date(before.begun).toISOString()} did not come to its end`);
  // A full disk keeps no snapshot either, which is then said.
  const remember = (succeeded: number | null, why: string | null): void => {
    try {
      writeRuns(state, { begun, succeeded, why });
    } catch (error) {
      if (unwritable(state, error) === null) throw error;
    }
  };
  remember(before.succeeded, unended);
  // What is tried again after an hour needs no second snapshot of the same.
  const isAgain = before.why !== null && before.begun !== before.succeeded;
  const { ended, failures, isWorthAgain } = await keepAndCopy(
    context,
    { reason: 'scheduled', unlessSame: isAgain },
    destinationsFor(context, due.copyTo),
  );
  const all = [...failures];
  if (!('problems' in ended)) {
    const pruned = await prune(context, due.periods, false);
    if ('problems' in pruned) all.push(`nothing was pruned: ${pruned.problems.map(({ message }) => message).join('; ')}`);
  }
  const unsealed = sealIfBegun(context);
  if (unsealed !== null) all.push(unsealed);
  for (const failure of all.slice(failures.length)) await noteAlone(context, state, 'failed', null, failure);
  for (const failure of all) await alarm(context, failure);
  remember(isWorthAgain ? before.succeeded : begun, all[0] ?? null);
  return all.length > 0 && ended.kind === 'done' ? { ...ended, kind: 'found' } : ended;
}

/** Where somebody has begun with checkpoints, the journal is sealed too; why it is not, or `null`. */
function sealIfBegun(context: Context): string | null {
  const sealed = sealJournal(context);
  // While a change is being made the next time will do.
  if (sealed.ok || sealed.problems.some(({ code }) => code === 'nothing-waits' || code === 'change-waits')) return null;
  return sealed.problems.map(({ message }) => message).join('; ');
}

async function fail(context: Context, state: string, text: string): Promise<void> {
  await noteAlone(context, state, 'failed', null, text);
  await alarm(context, text);
}

/** Into the machine's log, loudly: what a service of systemd's prints is there already. */
async function alarm(context: Context, text: string): Promise<void> {
  context.log.error('the scheduled snapshot failed', { why: text });
  if (context.env['JOURNAL_STREAM'] === undefined)
    await context.kernel.run({ argv: ['logger', '-t', 'palisade-backup', '-p', 'daemon.err', '--', text] });
}

/** What tells this machine from others, for as long as it lives. */
export function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'latin1').trim() || hostname();
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
    return hostname();
  }
}
