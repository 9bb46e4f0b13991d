import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  backupsFolder,
  holds,
  type Kept,
  listSnapshots,
  nextNumber,
  pack,
  type Reason,
  readBody,
  readSnapshot,
  type SnapshotBody,
  type SnapshotMeta,
  signerOf,
  stateOf,
  textOf,
  unprovedBecause,
  unreadIn,
  writeSnapshot,
} from '../../change/snapshots/index.ts';
import type { Namespace } from '../../kernel/index.ts';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { records } from '../changing/records.ts';
import type { Context } from '../verb.ts';

export interface Keeping {
  readonly reason: Reason;
  readonly tag?: string | null;
  /** Where the newest snapshot shows the very same firewall and is whole, no other is taken, and that one is the answer. */
  readonly unlessSame?: boolean;
  /** Instead of this host. */
  readonly namespace?: Namespace;
  /** Instead of reading anew. */
  readonly body?: SnapshotBody;
}

/**
 * Takes a snapshot of the host as it stands, proves it in a namespace, and keeps it. Nothing is kept of a host whose rules cannot be read.
 */
export async function keepSnapshot(context: Context, keeping: Keeping): Promise<Result<Kept>> {
  const state = resolve(context.stateFolder);
  const folder = backupsFolder(state);
  const store = listSnapshots(folder);
  if (!store.ok) return store;
  const { kernel, signal } = context;
  const where = { kernel, signal, ...(keeping.namespace && { namespace: keeping.namespace }) };
  const body = keeping.body ?? (await readBody(where, ownRecord(state)));
  const unread = unreadIn(body);
  if (unread !== null) return failed({ code: 'unread', message: unread, hint: 'see palisade status' });
  const signer = signerOf(state);
  if (!signer.ok) return signer;
  const fingerprint = stateOf(body);
  const [newest] = store.value.kept;
  if (keeping.unlessSame === true && newest?.meta.state === fingerprint && showsSame(newest, body)) return ok(newest);
  const unproved = await unprovedBecause(kernel, body);
  const meta: SnapshotMeta = {
    at: body.texts.readAt,
    number: nextNumber(store.value),
    reason: keeping.reason,
    tag: keeping.tag ?? null,
    host: body.texts.name,
    kernel: textOf(body.texts, 'kernel').split('\n')[0] ?? '',
    counts: countsOf(body),
    state: fingerprint,
    unproved,
  };
  try {
    const packed = pack({ ...body, meta }, signer.value);
    const path = writeSnapshot(folder, packed);
    return ok({ id: packed.id, path, meta, signature: packed.signature, bytes: packed.bytes.length });
  } catch (error) {
    const problem = unkept(folder, error);
    if (problem === null) throw error;
    return failed(problem);
  }
}

/** Whether a snapshot of the same firewall is whole, proved, and knows the same of it: one that was taken while a change waited does not. */
function showsSame({ meta, path }: Kept, { own }: SnapshotBody): boolean {
  if (meta.unproved !== null) return false;
  const read = readSnapshot(path);
  return read.ok && read.value.snapshot.own === own;
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'there is no room for it',
  EDQUOT: 'the quota is used up',
  EROFS: 'the disk may only be read',
  EIO: 'the disk fails',
  EACCES: 'the right to write there is missing',
  EPERM: 'the right to write there is missing',
  ENOTDIR: 'a file is in the way of the folder',
};

/** `null` of an error that is none of a disk's. */
function unkept(folder: string, error: unknown): Problem | null {
  const why = reasons[(error as NodeJS.ErrnoException).code ?? ''];
  if (why === undefined) return null;
  return {
    code: 'state-unwritable',
    at: { file: folder },
    message: `the snapshot cannot be kept: ${why}`,
    hint: 'those before it are as they were; mend that and take it again',
  };
}

/** As it lies in the state folder; `null` where nothing was confirmed. */
export function ownRecord(state: string): string | null {
  try {
    return readFileSync(records(state).confirmed, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function countsOf({ texts }: SnapshotBody): SnapshotMeta['counts'] {
  const rules = (family: 4 | 6): number =>
    (['nft', 'legacy'] as const)
      .filter((backend) => holds(texts, backend))
      .reduce((sum, backend) => sum + count(textOf(texts, `${backend}Save${family}`), /^(?:\[\d+:\d+\] )?-A /gm), 0);
  const sets = textOf(texts, 'ipsets');
  return { rules4: rules(4), rules6: rules(6), sets: count(sets, /^create /gm), members: count(sets, /^add /gm) };
}

function count(text: string, form: RegExp): number {
  return text.match(form)?.length ?? 0;
}
