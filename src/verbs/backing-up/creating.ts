import { resolve } from 'node:path';
import { makeSigner } from '../../change/snapshots/index.ts';
import type { BackupPartJson } from '../backup-shape.ts';
import type { Context, Outcome } from '../verb.ts';
import { keepSnapshot } from './keeping.ts';
import { saidOf } from './said.ts';

/** Takes one now. */
export async function create(context: Context, { tag }: { readonly tag: string | undefined }): Promise<Outcome<BackupPartJson>> {
  context.progress('reading the firewall');
  const kept = await keepSnapshot(context, { reason: 'created', tag: tag ?? null });
  if (!kept.ok) {
    const isUnread = kept.problems.every(({ code }) => code === 'unread');
    return { kind: isUnread ? 'unread' : 'unchanged', problems: kept.problems };
  }
  await context.part({ kind: 'created', ...saidOf(kept.value), copies: [] } satisfies BackupPartJson);
  return { kind: kept.value.meta.unproved === null ? 'done' : 'found', value: null };
}

/** Makes the key by which this host signs. */
export async function keygen(context: Context): Promise<Outcome<BackupPartJson>> {
  const made = makeSigner(resolve(context.stateFolder));
  if (made === null) {
    const message = 'this host has a key already';
    const hint =
      'move keys/snapshot.key in the state folder away first; keep its .pub file, so that what it signed can be verified';
    return { kind: 'unchanged', problems: [{ code: 'output-failed', message, hint }] };
  }
  await context.part({ kind: 'key', ...made } satisfies BackupPartJson);
  return { kind: 'done', value: null };
}
