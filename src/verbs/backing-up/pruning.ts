import { resolve } from 'node:path';
import {
  acceptedId,
  backupsFolder,
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
  const { kept } = store.value;
  const needed = new Set<string>();
  const accepted = acceptedId(context.stateFolder);
  if (accepted !== null) needed.add(accepted);
  const proved = kept.find(({ meta }) => meta.unproved === null);
  if (proved !== undefined) needed.add(proved.id);
  const going = prunable(kept, keeping, needed, context.clock.now());
  if (!tries)
    removeSnapshots(
      folder,
      going.map(({ path }) => path),
    );
  const part = { kind: 'pruned', ids: going.map(({ id }) => id), left: kept.length - going.length, tried: tries } as const;
  await context.part(part satisfies BackupPartJson);
  return { kind: 'done', value: null };
}
