import { type Backend, type Host, type HostTexts, hostFromTexts } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { emptyRuleset, parseRuleset, type Ruleset } from '../../model/ruleset/index.ts';
import { safeOrder } from '../apply/order.ts';
import { uncounted } from '../snapshots/index.ts';
import type { TablePlace } from './files.ts';
import { askedIn, askingOthers, differing, otherName, setText } from './sets.ts';
import type { HostState } from './state.ts';

/** Where no order is known to be safe: what decides comes before what translates. */
const usual = ['security', 'filter', 'raw', 'mangle', 'nat'];

/**
 * In which order the tables of two states are written, going from one to the other: where there is one, such that no packet is let through
 * between any two that neither lets through. A backend that is to have rules comes before one that is to have none, so that meanwhile
 * packets have to pass both.
 *
 * @param live what else is known of the host
 */
export function restoreOrder(live: HostTexts, from: HostState, to: HostState): readonly TablePlace[] {
  // Reading very many members of sets takes its time, and mostly nobody asks.
  let known: Host | undefined;
  const old = oldNames(from, to);
  const host = (): Host => {
    known ??= withSetsOfBoth(live, from, to, old);
    return known;
  };
  const between: Between = { from, to, changing: differing(from.sets, to.sets), old, host };
  const backends = (['nft', 'legacy'] as const).toSorted((one, other) => Number(holds(to, other)) - Number(holds(to, one)));
  return backends.flatMap((backend) =>
    ([4, 6] as const).flatMap((family): readonly TablePlace[] => {
      const tables = namesIn([from, to], backend, family);
      const order = orderOf(between, backend, family) ?? usual;
      return tables
        .toSorted((one, other) => order.indexOf(one) - order.indexOf(other))
        .map((table) => ({ backend, family, table }));
    }),
  );
}

interface Between {
  readonly from: HostState;
  readonly to: HostState;
  /** Sets that are others in the new state, and other names of theirs in the old one. */
  readonly changing: ReadonlySet<string>;
  readonly old: ReadonlyMap<string, string>;
  /** With the sets of both. */
  readonly host: () => Host;
}

function holds({ tables }: HostState, backend: Backend): boolean {
  return tables.some((one) => one.backend === backend);
}

function namesIn(states: readonly HostState[], backend: Backend, family: Family): readonly string[] {
  const tables = states.flatMap((state) => state.tables.filter((one) => one.backend === backend && one.family === family));
  return [...new Set(tables.map(({ table }) => table))];
}

function orderOf({ from, to, changing, old, host }: Between, backend: Backend, family: Family): readonly string[] | null {
  const textOf = (state: HostState, table: string): string =>
    state.tables.find((one) => one.backend === backend && one.family === family && one.table === table)?.text ?? '';
  const changed = namesIn([from, to], backend, family).filter((table) => {
    const [one, other] = [textOf(from, table), textOf(to, table)];
    return uncounted(one) !== uncounted(other) || [...askedIn(other)].some((name) => changing.has(name));
  });
  if (changed.length < 2) return null;
  const [before, after] = [from, to].map((state) => {
    const text = namesIn([state], backend, family).map((table) => textOf(state, table));
    return rulesetOf(family, state === from ? askingOthers(text.join(''), old) : text.join(''));
  });
  return before && after ? safeOrder(host(), family, before, after, changed) : null;
}

function rulesetOf(family: Family, text: string): Ruleset | null {
  if (text === '') return emptyRuleset(family, 'nothing');
  const parsed = parseRuleset(text, { family, file: 'rules' });
  return parsed.ok ? parsed.value : null;
}

/** Under which names the old rules ask their sets, where the new ones ask others of the same names. */
function oldNames(from: HostState, to: HostState): ReadonlyMap<string, string> {
  const there = new Set(to.sets.map(({ name }) => name));
  const changing = differing(to.sets, from.sets);
  return new Map(
    from.sets.filter(({ name }) => there.has(name) && changing.has(name)).map((set) => [set.name, otherName('s', set)]),
  );
}

function withSetsOfBoth(live: HostTexts, from: HostState, to: HostState, old: ReadonlyMap<string, string>): Host {
  const there = new Set(to.sets.map(({ name }) => name));
  const before = from.sets
    .filter(({ name }) => old.has(name) || !there.has(name))
    .map((set) => setText(set, old.get(set.name) ?? set.name, old));
  const text = [...to.sets.map((set) => setText(set, set.name)), ...before].join('');
  const ipsets = { read: true, text, command: 'ipset save', warnings: '' } as const;
  return hostFromTexts({ ...live, texts: { ...live.texts, ipsets } });
}
