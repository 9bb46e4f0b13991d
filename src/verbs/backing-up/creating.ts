import { resolve } from 'node:path';
import { unwritable } from '../../change/index.ts';
import { copyTo, type Destination, makeSigner, readDestination } from '../../change/snapshots/index.ts';
import type { Problem } from '../../result.ts';
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
  const strange = destinationsOf(to).problems;
  if (strange.length > 0) return { kind: 'invalid', problems: strange };
  const made = await keepAndCopy(context, { reason: 'created', tag: tag ?? null }, destinationsFor(context, to));
  return made.ended;
}

export interface Made {
  readonly ended: Outcome<BackupPartJson>;
  /** Each thing that did not go well, in words; also in the journal. */
  readonly failures: readonly string[];
  /** Tried again, it may go well: what cannot be proved now cannot be in an hour. */
  readonly isWorthAgain: boolean;
}

/** Takes a snapshot, copies it, says so, and notes in the journal what came of both. */
export async function keepAndCopy(
  context: Context,
  keeping: Keeping,
  { destinations, problems: strange }: Destinations,
): Promise<Made> {
  const state = resolve(context.stateFolder);
  context.progress('reading the firewall');
  const kept = await keepSnapshot(context, keeping);
  if (!kept.ok) {
    const isUnread = kept.problems.every(({ code }) => code === 'unread');
    const why = kept.problems.map(({ message }) => message).join('; ');
    const said = `no snapshot was taken: ${why}`;
    await noteAlone(context, state, 'failed', null, said);
    return { ended: { kind: isUnread ? 'unread' : 'unchanged', problems: kept.problems }, failures: [said], isWorthAgain: true };
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
  const problems = [...strange, ...copied.flatMap(({ copy }) => (copy.ok ? [] : copy.problems))];
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
  const ended = { kind: failures.length === 0 ? 'done' : 'found', value: null, faults: problems } as const;
  return { ended, failures, isWorthAgain: problems.length > 0 };
}

export interface Destinations {
  readonly destinations: readonly Destination[];
  /** What is wrong with each that is none. */
  readonly problems: readonly Problem[];
}

/** Where copies go: what somebody names, and what the configuration says. */
export function destinationsFor({ settings }: Context, named: readonly string[]): Destinations {
  return destinationsOf([...new Set([...settings.backup.copies, ...named])]);
}

function destinationsOf(texts: readonly string[]): Destinations {
  const read = texts.map(readDestination);
  return {
    destinations: read.flatMap((one) => (one.ok ? [one.value] : [])),
    problems: read.flatMap((one) => (one.ok ? [] : one.problems)),
  };
}

/** Makes the key by which this host signs, and that of the journal's first checkpoint. */
export async function keygen(context: Context): Promise<Outcome<BackupPartJson>> {
  const state = resolve(context.stateFolder);
  const refused = (problem: Problem): Outcome<BackupPartJson> => ({ kind: 'unchanged', problems: [problem] });
  let made: ReturnType<typeof makeSigner>;
  try {
    made = makeSigner(state);
  } catch (error) {
    const problem = unwritable(state, error);
    if (problem === null) throw error;
    return refused({ ...problem, hint: 'mend that and run the same again' });
  }
  if (!made.ok) return { kind: 'unchanged', problems: made.problems };
  if (made.value === null) {
    const message = 'this host has a key already';
    const hint =
      'move keys/snapshot.key in the state folder away first; keep its .pub file, so that what it signed can be verified';
    return refused({ code: 'output-failed', message, hint });
  }
  const begun = beginSealing(context);
  const sealing = begun.ok ? { key: begun.value.key, fingerprint: begun.value.fingerprint } : null;
  await context.part({ kind: 'key', ...made.value, journal: sealing } satisfies BackupPartJson);
  return { kind: 'done', value: null, faults: begun.ok ? [] : begun.problems };
}
