import { policyChains } from '../../kernel/index.ts';
import type { Backend } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import {
  askedIn,
  askingOthers,
  differing,
  filledIn,
  isList,
  linesOf,
  membersOf,
  otherName,
  type SavedSet,
  setText,
} from './sets.ts';
import type { HostState } from './state.ts';

/** Where a table is. */
export interface TablePlace {
  readonly backend: Backend;
  readonly family: Family;
  readonly table: string;
}

/**
 * What {@link restoreWords} make a host `to`, coming from `from` or from anywhere on the way between the two. By name:
 *
 * - `tables`: `BACKEND FAMILY TABLE kept|gone`, in the order in which they are written; of each `B.F.T.rules`, what its restore tool reads,
 *   and `B.F.T.first`, the same asking stand-ins, where it asks a set that changes. `made`: `FAMILY TABLE` of legacy tables, in the order in
 *   which they have to be made to be printed as they were.
 * - `setsN`, `movesN`: lines for `ipset restore` that fill sets under other names, and `OTHER NAME`; `standing`: lines that make stand-ins.
 * - `must`, `may`: lines of sets that must be there afterwards, and those of members whose time may be up; `names`: the sets that these
 *   lines are all of, and `still` those of them that no rule fills, in either: packets change the others at any time. `leaving`: those that are to be gone; `lists`: which may hold one that changes, before or after; `others`: other names for sets, of both ways.
 * - `recent`: `LIST ADDRESS`, or `LIST` alone of one that is empty.
 *
 * Sets that are the same in both are not spoken of, and not touched.
 *
 * @param order of all tables of both.
 */
export function stateFiles(to: HostState, from: HostState, order: readonly TablePlace[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const write = (name: string, lines: readonly string[]): void => void files.set(name, lines.map((line) => `${line}\n`).join(''));
  const plan = planSets(to, from);
  const kept = new Map(to.tables.map((one) => [keyOf(one), one.text]));
  const lines: string[] = [];
  for (const place of order) {
    const text = kept.get(keyOf(place));
    const at = `${place.backend}.${place.family}.${place.table}`;
    lines.push(`${place.backend} ${place.family} ${place.table} ${text === undefined ? 'gone' : 'kept'}`);
    files.set(`${at}.rules`, text ?? openTable(place.table));
    if (text !== undefined && [...askedIn(text)].some((name) => plan.standing.has(name)))
      files.set(`${at}.first`, askingOthers(text, plan.standing));
  }
  write('tables', lines);
  const legacy = to.tables.filter(({ backend }) => backend === 'legacy');
  write('made', legacy.map(({ family, table }) => `${family} ${table}`).toReversed());
  for (const [index, sets] of plan.phases.entries()) {
    files.set(`sets${index + 1}`, sets.map((set) => setText(set, otherName('t', set))).join(''));
    write(
      `moves${index + 1}`,
      sets.map((set) => `${otherName('t', set)} ${set.name}`),
    );
  }
  const standing = listsLast(to.sets.filter(({ name }) => plan.standing.has(name)));
  files.set('standing', standing.map((set) => setText(set, plan.standing.get(set.name) ?? '', plan.standing)).join(''));
  const spoken = plan.phases.flat();
  const { must, may } = linesOf(spoken);
  write('must', must);
  write('may', may);
  write(
    'names',
    spoken.map(({ name }) => name),
  );
  const filled = new Set([...to.tables, ...from.tables].flatMap(({ text }) => [...filledIn(text)]));
  write(
    'still',
    spoken.flatMap(({ name }) => (filled.has(name) ? [] : [name])),
  );
  write(
    'leaving',
    listsLast(plan.leaving)
      .toReversed()
      .map(({ name }) => name),
  );
  write(
    'lists',
    [...listsIn(from.sets, spoken), ...plan.leaving.filter(isList), ...(plan.phases[3] ?? [])].map(({ name }) => name),
  );
  write('others', otherNames(to, from));
  const recent = [...to.recent].flatMap(([name, addresses]) => [name, ...addresses.map((address) => `${name} ${address}`)]);
  write('recent', recent);
  return files;
}

/** Lists that are to be something else, or are to hold others. */
function listsIn(sets: readonly SavedSet[], spoken: readonly SavedSet[]): readonly SavedSet[] {
  const names = new Set(spoken.map(({ name }) => name));
  return sets.filter((set) => isList(set) && names.has(set.name));
}

/** Sets that one of both has, or has otherwise. */
export function setsBetween(one: HostState, other: HostState): ReadonlySet<string> {
  const { phases, leaving } = planSets(one, other);
  return new Set([...phases.flat(), ...leaving].map(({ name }) => name));
}

export function keyOf({ backend, family, table }: TablePlace): string {
  return `${backend} ${family} ${table}`;
}

/** What there is where nothing was. */
function openTable(table: string): string {
  const chains = (policyChains[table] ?? []).map((chain) => `:${chain} ACCEPT [0:0]`);
  return [`*${table}`, ...chains, 'COMMIT'].map((line) => `${line}\n`).join('');
}

interface SetPlan {
  /** Sets to be made, in the order of their steps: new ones, new lists, those that change, lists. */
  readonly phases: readonly (readonly SavedSet[])[];
  readonly leaving: readonly SavedSet[];
  /** Names of stand-ins, by whose they are. */
  readonly standing: ReadonlyMap<string, string>;
}

function planSets(to: HostState, from: HostState): SetPlan {
  const changing = differing(from.sets, to.sets);
  const before = new Set(from.sets.map(({ name }) => name));
  const after = new Set(to.sets.map(({ name }) => name));
  const fresh = to.sets.filter(({ name }) => !before.has(name) && !changing.has(name));
  const other = to.sets.filter(({ name }) => changing.has(name));
  const asked = new Set(to.tables.flatMap(({ text }) => [...askedIn(text)]));
  const inLists = other.filter(({ name }) => asked.has(name)).flatMap(membersOf);
  const needed = other.filter(({ name }) => asked.has(name) || inLists.includes(name));
  return {
    phases: [fresh, other].flatMap((sets) => [sets.filter((set) => !isList(set)), sets.filter(isList)]),
    leaving: from.sets.filter(({ name }) => !after.has(name)),
    standing: new Map(needed.map((set) => [set.name, otherName('s', set)])),
  };
}

/** Of both ways, since whoever goes back finds those of the way there. Lists first: they hold the others. */
function otherNames(one: HostState, other: HostState): readonly string[] {
  const sets = [planSets(one, other), planSets(other, one)].flatMap(({ phases, standing }) =>
    phases.flat().map((set) => ({ set, names: standing.has(set.name) ? (['s', 't'] as const) : (['t'] as const) })),
  );
  const names = (lists: boolean): readonly string[] =>
    sets.filter(({ set }) => isList(set) === lists).flatMap(({ set, names: kinds }) => kinds.map((kind) => otherName(kind, set)));
  return [...new Set([...names(true), ...names(false)])];
}

function listsLast(sets: readonly SavedSet[]): readonly SavedSet[] {
  return [...sets.filter((set) => !isList(set)), ...sets.filter(isList)];
}
