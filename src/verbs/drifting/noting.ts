import { resolve } from 'node:path';
import { type Actor, type Entry, lockState, readJournal } from '../../change/index.ts';
import type { SnapshotBody } from '../../change/snapshots/index.ts';
import { keepSnapshot } from '../backing-up/index.ts';
import { noteAfter } from '../changing/noting.ts';
import type { Context } from '../verb.ts';
import type { Baseline } from './baseline.ts';
import type { Found } from './looking.ts';

/** Behind which the same change is another. */
const ends: ReadonlySet<string> = new Set(['drift', 'repaired', 'confirmed', 'restored', 'announced']);

/** Whoever writes rules all day, such as a program that bans and is not known, would fill the disk: then one a minute is kept. */
const mostKept = 10;
const floodMs = 600_000;
const seldomMs = 60_000;

/** @param now epoch milliseconds */
export function isFlood(entries: readonly Pick<Entry, 'at' | 'what' | 'snapshots'>[], now: number): boolean {
  const kept = entries.filter(
    ({ at, what, snapshots }) => what === 'drift' && at > now - floodMs && typeof snapshots?.after === 'string',
  );
  return kept.length >= mostKept && (kept.at(-1)?.at ?? 0) > now - seldomMs;
}

/** A longer text is cut: the snapshot holds all of it. */
const longestText = 2000;

/**
 * Keeps a snapshot of the host as somebody left it, and writes into the journal what was seen, and who did it where that is known. Where
 * another palisade is at work in the state folder nothing is written: it is seen again.
 *
 * @returns the snapshot's ID; `null` where none could be kept
 */
export async function noteDrift(
  context: Context,
  baseline: Baseline,
  { told }: Found,
  body: SnapshotBody,
  actor: Actor | null,
): Promise<string | 'busy' | null> {
  const state = resolve(context.stateFolder);
  const locked = lockState(state);
  if (!locked.ok) return locked.problems.some(({ code }) => code === 'change-waits') ? 'busy' : null;
  try {
    const text = told.says.join('; ');
    const said = text.length > longestText ? `${text.slice(0, longestText)} …` : text;
    const known = readJournal(state).entries.findLast(({ what }) => ends.has(what));
    // Another watch has seen it, or this one before it was started again.
    if (known?.what === 'drift' && known.text === said && known.snapshots?.before === baseline.id) return known.snapshots.after;
    const kept = isFlood(readJournal(state).entries, context.clock.now())
      ? null
      : await keepSnapshot(context, { reason: 'drift', unlessSame: true, body });
    const after = kept?.ok === true ? kept.value.id : null;
    await noteAfter(context, state, 'drift', null, said, { snapshots: { before: baseline.id, after }, actor, by: null });
    return after;
  } finally {
    locked.value();
  }
}
