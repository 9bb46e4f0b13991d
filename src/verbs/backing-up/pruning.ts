import { resolve } from 'node:path';
import { unwritable } from '../../change/index.ts';
import {
  acceptedId,
  backupsFolder,
  isWhole,
  type Keeping,
  listSnapshots,
  prunable,
  removeSnapshots,
} from '../../change/snapshots/index.ts';
import type { BackupPartJson } from '../backup-shape.ts';
import type { Context, Outcome } from '../verb.ts';

/** Takes away what no period keeps. What is accepted stays, and so does the newest that is proved, whatever was asked for. */
export async function prune(context: Context, keeping: Keeping, tries: boolean): Promise<Outcome<BackupPartJson>> {
  const folder = backupsFolder(resolve(context.stateFolder));
  const store = listSnapshots(folder);
  if (!store.ok) return { kind: 'unread', problems: store.problems };
  // What is damaged keeps no period, since it could not be restored; it stays, and list says so.
  const whole = store.value.kept.filter(({ path }) => isWhole(path));
  const needed = new Set<string>();
  const accepted = acceptedId(context.stateFolder);
  if (accepted !== null) needed.add(accepted);
  const proved = whole.find(({ meta }) => meta.unproved === null);
  if (proved !== undefined) needed.add(proved.id);
  const going = prunable(whole, keeping, needed, context.clock.now());
  try {
    if (!tries)
      removeSnapshots(
        folder,
        going.map(({ path }) => path),
      );
  } catch (error) {
    const problem = unwritable(folder, error);
    if (problem === null) throw error;
    return { kind: 'unchanged', problems: [{ ...problem, hint: 'mend that and run the same again' }] };
  }
  const left = store.value.kept.length - going.length;
  const part = { kind: 'pruned', ids: going.map(({ id }) => id), left, tried: tries } as const;
  await context.part(part satisfies BackupPartJson);
  return { kind: 'done', value: null };
}
