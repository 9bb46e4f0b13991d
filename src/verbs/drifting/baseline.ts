import { resolve } from 'node:path';
import { type Moment, momentOf, type OwnRecord, parseRecord, readJournal } from '../../change/index.ts';
import { acceptedId, knownKeys, type SnapshotMeta, signedBy } from '../../change/snapshots/index.ts';
import { failed, ok, type Result } from '../../result.ts';
import { chosenSnapshot } from '../backing-up/index.ts';
import type { Context } from '../verb.ts';

/** The host as somebody last wanted it. */
export interface Baseline {
  readonly id: string;
  readonly meta: SnapshotMeta;
  readonly moment: Moment;
  /** What was confirmed then; `null` where no policy of palisade's was in force. */
  readonly own: OwnRecord | null;
}

/** What drifts, drifts from this; `null` where nobody has accepted any state yet. */
export function baselineNow(context: Context): Result<Baseline | null> {
  const state = resolve(context.stateFolder);
  const id = acceptedId(state) ?? acceptedLast(state);
  return id === null ? ok(null) : readBaseline(context, id);
}

/** Where the name of what was accepted is gone, the journal still has it: what stands now is not taken for it in silence. */
function acceptedLast(state: string): string | null {
  const says = new Set<string>(['confirmed', 'restored', 'announced']);
  const last = readJournal(state).entries.findLast(
    ({ what, snapshots }) => says.has(what) && typeof snapshots?.after === 'string',
  );
  return last?.snapshots?.after ?? null;
}

/** A snapshot, as what the host is compared with. One whose signature is not its own is not believed. */
export function readBaseline(context: Context, named: string): Result<Baseline> {
  const chosen = chosenSnapshot(context, named);
  if (!chosen.ok) return chosen;
  const { head, path, snapshot } = chosen.value;
  const keys = knownKeys(resolve(context.stateFolder));
  if (!keys.ok) return keys;
  if (signedBy(chosen.value, keys.value).by === 'wrong')
    return failed({
      code: 'snapshot-invalid',
      at: { file: path },
      message: 'its signature is not of what it holds',
      hint: 'somebody has exchanged it: take another, and see palisade journal verify',
    });
  const own = snapshot.own === null ? null : parseRecord(snapshot.own);
  return ok({ id: head.id, meta: snapshot.meta, moment: momentOf(snapshot), own });
}
