import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readRuns } from '../../change/schedule/index.ts';
import { backupsFolder, listSnapshots } from '../../change/snapshots/index.ts';
import type { Host } from '../../model/host/index.ts';
import type { HostState } from '../../monitor/index.ts';
import { standingOf } from '../drifting/persistence.ts';
import { rulesPrint } from '../live.ts';
import type { Context } from '../verb.ts';

type Backup = HostState['backup'];

/** A scheduled snapshot may take so long before it counts as one that did not come to its end. */
const longestRunMs = 1_800_000;

/** The newest snapshot, and why the last one failed. The folder is listed anew only when something in it is another. */
export function createBackupTeller(stateFolder: string): (now: number) => Backup {
  const state = resolve(stateFolder);
  const folder = backupsFolder(state);
  let seen = Number.NaN;
  let last: Extract<Backup, { known: true }>['value']['last'] = null;
  return (now) => {
    try {
      const changed = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (changed !== seen) {
        const listed = listSnapshots(folder);
        if (!listed.ok) {
          const [problem] = listed.problems;
          return {
            known: false,
            why: problem?.message ?? 'the snapshots cannot be listed',
            remedy: problem?.hint ?? 'see palisade backup list',
          };
        }
        const [newest] = listed.value.kept;
        last = newest === undefined ? null : { id: newest.id, at: newest.meta.at / 1000, proven: newest.meta.unproved === null };
        // What was written within the same tick of the clock as the listing may not be in it.
        seen = now - changed > 2000 ? changed : Number.NaN;
      }
      const { begun, why } = readRuns(state);
      const isRunning =
        why !== null && begun !== null && now - begun < longestRunMs && why.startsWith('it did not come to its end');
      return { known: true, value: { last, failing: isRunning ? null : why } };
    } catch (error) {
      if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
      return { known: false, why: (error as Error).message, remedy: `see what is wrong with ${folder}` };
    }
  };
}

/**
 * What the next start loads beside what is in force. It is worked out anew only when the rules, or what is loaded at the start, are others: comparing
 * rulesets by what they do to packets takes a while.
 */
export function createPersistenceTeller(
  context: Pick<Context, 'stateFolder' | 'kernel' | 'signal'>,
): (host: Host) => Promise<HostState['persistence']> {
  let print = '';
  let state: HostState['persistence'] | null = null;
  return async (host) => {
    const now = printOf(host);
    if (state !== null && now === print) return state;
    const standings = await Promise.all(([4, 6] as const).map((family) => standingOf(context, host, family, 1)));
    if (context.signal.aborted) return state ?? { known: false, why: 'it was interrupted', remedy: 'wait a moment' };
    print = now;
    state = { known: true, value: standings.map(({ family, source, stands, why }) => ({ family, source, stands, why })) };
    return state;
  };
}

function printOf({ rulesets, files, units, processes, sets }: Host): string {
  const hash = createHash('sha256');
  for (const family of [4, 6] as const) {
    const fact = rulesets[family];
    hash.update(fact.known ? rulesPrint(fact.value) : fact.why);
  }
  // Which programs run changes all the time; only what starts the machine is asked of them.
  const starter = processes.known ? processes.value.find(({ pid }) => pid === 1) : null;
  hash.update(JSON.stringify([files, units, starter, sets.known ? [...sets.value.keys()] : null], plain));
  return hash.digest('hex');
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value instanceof Map ? [...value] : value;
}
