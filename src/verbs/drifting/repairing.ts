import { resolve } from 'node:path';
import {
  announcedNow,
  type Drift,
  driftBetween,
  lockState,
  mendSets,
  type OwnRecord,
  readJournal,
  repairsOf,
  repairsTooOften,
  type StrangeRule,
  setsToMend,
  strangeRules,
  writeRepairs,
} from '../../change/index.ts';
import { stateOf } from '../../change/snapshots/index.ts';
import type { Problem } from '../../result.ts';
import { keepSnapshot } from '../backing-up/index.ts';
import { noteAfter } from '../changing/noting.ts';
import type { Context } from '../verb.ts';
import { comparedAside } from './aside.ts';
import type { Baseline } from './baseline.ts';
import { isChanging } from './changing.ts';
import { momentNow, type Now } from './moment.ts';
import { changeWords } from './words.ts';

export type Repaired =
  /** Nothing of palisade’s has drifted. */
  | { readonly kind: 'nothing' }
  /** It is only said: somebody is at work, or palisade has repaired too often. */
  | { readonly kind: 'suspended'; readonly why: string }
  | { readonly kind: 'repaired'; readonly says: readonly string[] }
  | { readonly kind: 'failed'; readonly problems: readonly Problem[] };

/** How often somebody may be faster than we are. */
const tries = 3;

/**
 * Puts palisade's own chains, jumps, policies and sets back as they were accepted, one transaction a table, and reads them back; with
 * `removeForeign` also takes rules away that somebody put into built-in chains, if they let in what was kept out. Programs keep what is
 * theirs. Nothing is written while a change waits or is announced, or after three times in ten minutes.
 */
export async function repairDrift(
  context: Context,
  baseline: Baseline,
  { removeForeign }: { readonly removeForeign: boolean },
): Promise<Repaired> {
  const { own } = baseline;
  const state = resolve(context.stateFolder);
  if (own === null)
    return { kind: 'suspended', why: 'no policy of palisade’s is in force, so that nothing is its own to put back' };
  const waits = suspendedBy(context, state);
  if (waits !== null) return { kind: 'suspended', why: waits };
  const locked = lockState(state);
  if (!locked.ok) return { kind: 'suspended', why: locked.problems[0]?.message ?? 'the state folder is held' };
  try {
    // Somebody may have begun meanwhile.
    const again = suspendedBy(context, state);
    if (again !== null) return { kind: 'suspended', why: again };
    if (repairsTooOften(readJournal(state).entries, context.clock.now()))
      return { kind: 'suspended', why: 'palisade has put its own back three times in ten minutes: somebody writes against it' };
    return await repairing(context, state, { ...baseline, own }, removeForeign);
  } finally {
    locked.value();
  }
}

function suspendedBy(context: Context, state: string): string | null {
  if (isChanging(state)) return 'a change waits to be confirmed';
  if (announcedNow(state, context.clock.now()) !== null) return 'a change by hand is announced';
  return null;
}

type Owned = Baseline & { readonly own: OwnRecord };

async function repairing(context: Context, state: string, baseline: Owned, removeForeign: boolean): Promise<Repaired> {
  const { run } = context.kernel;
  let seen: { readonly now: Now; readonly says: readonly string[] } | null = null;
  let problems: readonly Problem[] = [];
  for (let left = tries; left > 0; left -= 1) {
    const now = await momentNow(context, baseline.moment.host);
    const drift = driftBetween(baseline.moment, now.moment, baseline.own);
    const strange = removeForeign ? await admitting(context, drift, now, baseline) : [];
    const repairs = repairsOf(baseline.moment, now.moment, drift, baseline.own, strange);
    const broken = new Set(setsToMend(drift.differences));
    const sets = baseline.own.sets.filter(({ name }) => broken.has(name));
    if (repairs.length === 0 && sets.length === 0) {
      if (seen === null) return { kind: 'nothing' };
      await noteRepair(context, state, baseline, seen, now);
      return { kind: 'repaired', says: seen.says };
    }
    seen ??= { now, says: saysOf(drift, strange) };
    const there = now.moment.sets.known ? now.moment.sets.value : '';
    problems = [...(await mendSets(run, sets, there)), ...(await writeRepairs(run, repairs))];
  }
  // What is written is read back above; the last time it was not.
  const last = problems.length > 0 ? problems : [elsewhere];
  await noteAfter(
    context,
    state,
    'failed',
    baseline.own,
    `what drifted could not be put back: ${last.map(({ message }) => message).join('; ')}`,
  );
  return { kind: 'failed', problems: last };
}

const elsewhere: Problem = {
  code: 'restore-refused',
  message: 'what was put back does not stay: somebody else writes the same rules',
  hint: 'see palisade drift for what is there, and palisade journal for who it was',
};

async function admitting(context: Context, drift: Drift, now: Now, { own }: Owned): Promise<readonly StrangeRule[]> {
  const strange = strangeRules(drift, now.moment, own);
  if (strange.length === 0) return [];
  const places = strange.map(({ family, table, rule }) => ({ family, table, chain: rule.chain, rule: rule.number }));
  const question = { before: drift.undone(), now: now.moment.host, families: [], most: 0, strange: places };
  const { admitting: found } = await comparedAside(context, question);
  const keyOf = (place: (typeof places)[number]): string => JSON.stringify(place);
  const keys = new Set(found?.map(keyOf));
  return strange.filter((_, index) => keys.has(keyOf(places[index] as (typeof places)[number])));
}

function saysOf(drift: Drift, strange: readonly StrangeRule[]): readonly string[] {
  const isGone = (one: Drift['differences'][number]): boolean =>
    one.kind === 'rule-added' &&
    strange.some(
      ({ family, table, rule }) =>
        family === one.family && table === one.table && rule.chain === one.chain && rule.number === one.at,
    );
  return drift.differences.filter((one) => one.drift && (one.owner.kind === 'own' || isGone(one))).map((one) => changeWords(one));
}

async function noteRepair(
  context: Context,
  state: string,
  baseline: Owned,
  { now: before, says }: { readonly now: Now; readonly says: readonly string[] },
  after: Now,
): Promise<void> {
  const drifted = await keepSnapshot(context, { reason: 'drift', unlessSame: true, body: before.body });
  // As it was accepted to the byte, the snapshot of that shows it.
  const isWhole = stateOf(after.body) === baseline.meta.state;
  const repaired = isWhole ? null : await keepSnapshot(context, { reason: 'after', unlessSame: true });
  const afterId = repaired === null ? baseline.id : repaired.ok ? repaired.value.id : null;
  const snapshots = { before: drifted.ok ? drifted.value.id : null, after: afterId };
  const some = says.slice(0, 10).join('; ');
  const text = `put back: ${some}${says.length > 10 ? `; and ${says.length - 10} more` : ''}`;
  await noteAfter(context, state, 'repaired', baseline.own, text, { snapshots });
}
