import { statSync } from 'node:fs';
import {
  acceptedId,
  backupsFolder,
  listSnapshots,
  type Snapshot,
  signedBy,
  textOf,
  unprovedBecause,
} from '../../change/snapshots/index.ts';
import type { BackupPartJson } from '../backup-shape.ts';
import type { Context, Outcome } from '../verb.ts';
import { asKept, chosenSnapshot, trustedKeys } from './chosen.ts';
import { saidOf } from './said.ts';

type Ended = Outcome<BackupPartJson>;

/** All of them, the newest first; and what lies between them and is none. */
export async function list(context: Context): Promise<Ended> {
  const store = listSnapshots(backupsFolder(context.stateFolder));
  if (!store.ok) return { kind: 'unread', problems: store.problems };
  const accepted = acceptedId(context.stateFolder);
  for (const kept of store.value.kept)
    await context.part({ kind: 'snapshot', ...saidOf(kept), accepted: kept.id === accepted } satisfies BackupPartJson);
  for (const problem of store.value.strange)
    await context.part({ kind: 'damaged', path: problem.at?.file ?? '', why: problem.message } satisfies BackupPartJson);
  if (store.value.kept.length === 0 && store.value.strange.length === 0)
    await context.part({
      kind: 'note',
      text: 'There are no snapshots yet; palisade backup create takes one.',
    } satisfies BackupPartJson);
  return { kind: store.value.strange.length > 0 ? 'found' : 'done', value: null };
}

/** What one holds. */
export async function show(context: Context, named: string): Promise<Ended> {
  const chosen = chosenSnapshot(context, named);
  if (!chosen.ok) return { kind: 'invalid', problems: chosen.problems };
  const { snapshot, path } = chosen.value;
  const { texts } = snapshot.texts;
  await context.part({
    kind: 'shown',
    ...saidOf(asKept(chosen.value, statSync(path).size)),
    versions: snapshot.versions,
    rules: rulesOf(snapshot),
    sets: setsOf(textOf(snapshot.texts, 'ipsets')),
    recent: Object.keys(snapshot.recent),
    nftTables: [...snapshot.foreignNft.matchAll(/^table (\S+ \S+)/gm)].map(([, table = '']) => table),
    unread: Object.entries(texts).flatMap(([name, read]) =>
      read.read || read.why === 'unused' || read.tool === 'palisade' ? [] : [`${name}: ${read.detail}`],
    ),
  } satisfies BackupPartJson);
  return { kind: 'done', value: null };
}

function rulesOf({ texts }: Snapshot): Extract<BackupPartJson, { kind: 'shown' }>['rules'] {
  return ([4, 6] as const).flatMap((family) =>
    (['nft', 'legacy'] as const).flatMap((backend) =>
      [...textOf(texts, `${backend}Save${family}`).matchAll(/^\*(\S+)\n([\s\S]*?)^COMMIT$/gm)].map(
        ([, table = '', lines = '']) => ({
          family,
          backend,
          table,
          chains: lines.match(/^:/gm)?.length ?? 0,
          rules: lines.match(/^(?:\[\d+:\d+\] )?-A /gm)?.length ?? 0,
        }),
      ),
    ),
  );
}

function setsOf(text: string): Extract<BackupPartJson, { kind: 'shown' }>['sets'] {
  const members = new Map<string, number>();
  for (const [, name = ''] of text.matchAll(/^add (\S+) /gm)) members.set(name, (members.get(name) ?? 0) + 1);
  return [...text.matchAll(/^create (\S+) (\S+)/gm)].map(([, name = '', type = '']) => ({
    name,
    type,
    members: members.get(name) ?? 0,
  }));
}

/** Whether one is as it was written, who signed it, and with `prove` whether it can be restored on this kernel; or all of them. */
export async function verify(
  context: Context,
  names: readonly string[],
  { key, prove }: { readonly key?: string | undefined; readonly prove: boolean },
): Promise<Ended> {
  const keys = trustedKeys(context, key);
  if (!keys.ok) return { kind: 'invalid', problems: keys.problems };
  const store = listSnapshots(backupsFolder(context.stateFolder));
  if (!store.ok) return { kind: 'unread', problems: store.problems };
  const asked = names.length > 0 ? names : store.value.kept.map(({ path }) => path);
  let wrong = 0;
  for (const problem of names.length > 0 ? [] : store.value.strange) {
    wrong += 1;
    await context.part({ kind: 'damaged', path: problem.at?.file ?? '', why: problem.message } satisfies BackupPartJson);
  }
  for (const named of asked) {
    context.signal.throwIfAborted();
    const chosen = chosenSnapshot(context, named);
    if (!chosen.ok) {
      const [problem] = chosen.problems;
      // What was named and is not there is no finding.
      if (problem?.at === undefined || problem.code === 'file-missing') return { kind: 'invalid', problems: chosen.problems };
      wrong += 1;
      await context.part({ kind: 'damaged', path: problem.at.file, why: problem.message } satisfies BackupPartJson);
      continue;
    }
    const { snapshot, head, path } = chosen.value;
    const signed = signedBy(chosen.value, keys.value);
    if (prove) context.progress(`loading ${head.id.slice(0, 12)} into a namespace`);
    const unproved = prove ? await unprovedBecause(context.kernel, snapshot) : snapshot.meta.unproved;
    // Whoever names a key asks for it.
    if (signed.by === 'wrong' || (key !== undefined && signed.by !== 'known') || (prove && unproved !== null)) wrong += 1;
    await context.part({
      kind: 'verified',
      id: head.id,
      path,
      signed: signed.by,
      key: signed.by === 'nobody' ? null : signed.key,
      proved: prove ? unproved === null : null,
      unproved,
    } satisfies BackupPartJson);
  }
  if (asked.length === 0 && wrong === 0)
    await context.part({
      kind: 'note',
      text: 'There are no snapshots yet; palisade backup create takes one.',
    } satisfies BackupPartJson);
  return { kind: wrong > 0 ? 'found' : 'done', value: null };
}
