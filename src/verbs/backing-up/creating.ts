import { resolve } from 'node:path';
import { copyTo, type Destination, makeSigner, readDestination } from '../../change/snapshots/index.ts';
import { failed, ok, type Result } from '../../result.ts';
import type { BackupPartJson } from '../backup-shape.ts';
import { noteAlone } from '../changing/noting.ts';
import { beginSealing } from '../journaling.ts';
import type { Context, Outcome } from '../verb.ts';
import { type Keeping, keepSnapshot } from './keeping.ts';
import { saidOf } from './said.ts';

/** Takes one now, and puts it where else it is to be. */
export async function create(
  context: Context,
  { tag, copyTo: to }: { readonly tag: string | undefined; readonly copyTo: readonly string[] },
): Promise<Outcome<BackupPartJson>> {
  const destinations = destinationsOf(to);
  if (!destinations.ok) return { kind: 'invalid', problems: destinations.problems };
  const made = await keepAndCopy(context, { reason: 'created', tag: tag ?? null }, destinations.value);
  return made.ended;
}

export interface Made {
  readonly ended: Outcome<BackupPartJson>;
  /** Each thing that did not go well, in words; also in the journal. */
  readonly failures: readonly string[];
}

/** Takes a snapshot, copies it, says so, and notes in the journal what came of both. */
export async function keepAndCopy(context: Context, keeping: Keeping, destinations: readonly Destination[]): Promise<Made> {
  const state = resolve(context.stateFolder);
  context.progress('reading the firewall');
  const kept = await keepSnapshot(context, keeping);
  if (!kept.ok) {
    const isUnread = kept.problems.every(({ code }) => code === 'unread');
    const why = kept.problems.map(({ message }) => message).join('; ');
    const said = `no snapshot was taken: ${why}`;
    await noteAlone(context, state, 'failed', null, said);
    return { ended: { kind: isUnread ? 'unread' : 'unchanged', problems: kept.problems }, failures: [said] };
  }
  const { id, path, meta } = kept.value;
  const snapshots = { before: null, after: id };
  const { tag, reason } = keeping;
  const text =
    reason === 'scheduled' ? 'a snapshot as scheduled' : typeof tag === 'string' ? `a snapshot, called ${tag}` : 'a snapshot';
  await noteAlone(context, state, 'saved', null, text, { snapshots });
  const copied = await Promise.all(
    destinations.map(async (destination) => {
      context.progress('copying the snapshot');
      return { destination, copy: await copyTo(context.kernel.run, destination, path, id, context.signal) };
    }),
  );
  const problems = copied.flatMap(({ copy }) => (copy.ok ? [] : copy.problems));
  const copies = copied.map(({ destination, copy }) =>
    copy.ok
      ? { to: copy.value.where, problem: null, note: copy.value.note }
      : { to: destination.text.replace(/\?.*$/s, ''), problem: copy.problems.map(({ message }) => message).join(), note: null },
  );
  await context.part({ kind: 'created', ...saidOf(kept.value), copies } satisfies BackupPartJson);
  const failures = [
    ...(meta.unproved === null ? [] : [`it is not proved that the snapshot can be restored: ${meta.unproved}`]),
    ...problems.map(({ message }) => `the snapshot was not copied: ${message}`),
  ];
  for (const failure of failures) await noteAlone(context, state, 'failed', null, failure, { snapshots });
  return { ended: { kind: failures.length === 0 ? 'done' : 'found', value: null, faults: problems }, failures };
}

/** All of them, or what is wrong with each that is none. */
export function destinationsOf(texts: readonly string[]): Result<readonly Destination[]> {
  const read = texts.map(readDestination);
  const problems = read.flatMap((one) => (one.ok ? [] : one.problems));
  return problems.length > 0 ? failed(...problems) : ok(read.flatMap((one) => (one.ok ? [one.value] : [])));
}

/** Makes the key by which this host signs, and that of the journal's first checkpoint. */
export async function keygen(context: Context): Promise<Outcome<BackupPartJson>> {
  const made = makeSigner(resolve(context.stateFolder));
  if (made === null) {
    const message = 'this host has a key already';
    const hint =
      'move keys/snapshot.key in the state folder away first; keep its .pub file, so that what it signed can be verified';
    return { kind: 'unchanged', problems: [{ code: 'output-failed', message, hint }] };
  }
  const begun = beginSealing(context);
  const sealing = begun.ok ? { key: begun.value.key, fingerprint: begun.value.fingerprint } : null;
  await context.part({ kind: 'key', ...made, journal: sealing } satisfies BackupPartJson);
  return { kind: 'done', value: null, faults: begun.ok ? [] : begun.problems };
}
