import type { Hook } from '../../model/packet/index.ts';
import type { Chain, Ruleset, Table } from '../../model/ruleset/index.ts';
import { rulesOf, type UnderstoodRule } from '../evaluate/rules.ts';
import { type Node, none } from '../space/index.ts';
import type { Change, Firewall, Space, Stop } from '../symbolic/index.ts';

/** Packets that come to a chain's first rule, as they arrive at the host, by what has become of them until then. */
export interface Visit {
  readonly hook: Hook;
  readonly stop: Stop;
  readonly change: Change;
  readonly packets: Node;
}

/** Packets that come to one rule and that it matches, as they arrive at the host. */
export interface Hits {
  readonly hook: Hook;
  readonly packets: Node;
}

/** Packets that come to a rule's chain and that the rule matches. */
export interface Candidates extends Hits {
  /** By which rule each packet leaves the chain: {@link Candidates.by} reads the leaves, also of packets outside the set. */
  readonly leaving: Node;
  /** The number of the rule; infinite where none sends the packet away. */
  by(value: number): number;
}

/** Which packets come where, as they arrive at the host. */
export interface Visits {
  /** Packets that come to the rule and match it, by way; empty for dead rules. */
  hits(table: string, chain: string, rule: number): readonly Hits[];
  /** Packets that come to the rule's chain and match the rule, whatever earlier rules of the chain do with them. */
  candidates(table: string, chain: string, rule: number): readonly Candidates[];
  /** What comes to the chain's first rule; empty where nothing does. */
  visits(table: string, chain: string): readonly Visit[];
  /** By chain and number, 1 for the rules that any packet meets. */
  live(): Map<Chain, Uint8Array>;
}

/**
 * Follows the packets of all ways through all chains when first asked: sets of packets as they arrive at the host, by what
 * rules have done to them until then. Its functions throw OverBudget.
 */
export function visitsOf(space: Space, firewall: Firewall): Visits {
  const { diagram, changes, endings } = space;
  const { ruleset, chains } = firewall;
  const accepted = new Map<Stop, ReadonlyMap<Change, Node>>();
  let visits: Map<Chain, Visit[]> | null = null;
  return {
    hits: (table, chain, rule) =>
      candidates(table, chain, rule).flatMap(({ hook, packets, leaving, by }) => {
        const left = diagram.where(diagram.mask(packets, leaving), (value) => by(value) < rule);
        const met = diagram.without(packets, left);
        return met === none ? [] : [{ hook, packets: met }];
      }),
    candidates,
    visits: (table, chain) => visitsTo(find(table, chain).chain),
    live() {
      const live = new Map<Chain, Uint8Array>();
      for (const table of ruleset.tables)
        for (const chain of table.chains.values()) for (const visit of visitsTo(chain)) mark(table, chain, visit, live);
      return live;
    },
  };

  /** Notes which rules of a chain a visit's packets meet. */
  function mark(table: Table, chain: Chain, visit: Visit, live: Map<Chain, Uint8Array>): void {
    const seen = live.get(chain) ?? new Uint8Array(chain.rules.length + 1);
    live.set(chain, seen);
    if (!chains.isSteady(table, chain)) {
      walk(table, chain, visit, Number.POSITIVE_INFINITY, undefined, seen);
      return;
    }
    const { change, packets, stop } = visit;
    const leaving = changes.before(chains.leaving(table, chain, stop.setting), change);
    diagram.meet(packets, leaving, (value) => {
      const number = numberOf(endings, value);
      if (number !== Number.POSITIVE_INFINITY) seen[number] = 1;
      return false;
    });
    for (const rule of rulesOf(ruleset, chain)) {
      const { number } = rule.rule;
      if (seen[number] === 1 || isSending(rule)) continue;
      const matched = changes.before(chains.matched(table, chain, rule, stop.setting), change);
      // It is enough that there is one.
      diagram.meet(diagram.mask(matched, packets), leaving, (value) => {
        if (numberOf(endings, value) >= number) seen[number] = 1;
        return seen[number] === 1;
      });
    }
  }

  function visitsTo(chain: Chain): readonly Visit[] {
    if (visits === null) {
      const all = new Map<Chain, Visit[]>();
      for (const hook of ['input', 'forward', 'output'] as const) follow(hook, all);
      visits = all;
    }
    return visits.get(chain) ?? [];
  }

  function find(tableName: string, chainName: string): { readonly table: Table; readonly chain: Chain } {
    const table = ruleset.tables.find((candidate) => candidate.name === tableName);
    const chain = table?.chains.get(chainName);
    if (table === undefined || chain === undefined) throw new Error(`there is no chain ${chainName} in ${tableName}`);
    return { table, chain };
  }

  function candidates(tableName: string, chainName: string, number: number): readonly Candidates[] {
    const { table, chain } = find(tableName, chainName);
    const rule = rulesOf(ruleset, chain)[number - 1];
    if (rule === undefined) throw new Error(`${tableName} ${chainName} has no rule ${number}`);
    return visitsTo(chain).flatMap((visit) => {
      const before = ruledBefore(table, chain, number, visit);
      return before.flatMap(({ change, packets, leaving }) => {
        const matched = changes.before(actsOf(space, firewall, table, chain, rule, visit.stop), change);
        const mine = diagram.mask(packets, matched);
        if (mine === none) return [];
        return [{ hook: visit.hook, packets: mine, leaving, by: (value) => numberOf(endings, value) }];
      });
    });
  }

  /** Packets of a visit before a rule, changed as they are by then, and by which rule they leave the chain. */
  function ruledBefore(
    table: Table,
    chain: Chain,
    number: number,
    visit: Visit,
  ): readonly { readonly change: Change; readonly packets: Node; readonly leaving: Node }[] {
    if (chains.isSteady(table, chain)) {
      const { change, packets } = visit;
      return [{ change, packets, leaving: changes.before(chains.leaving(table, chain, visit.stop.setting), change) }];
    }
    // Here earlier rules have sent away what they send away.
    const reached = walk(table, chain, visit, number);
    return [...reached].map(([change, packets]) => ({ change, packets, leaving: none }));
  }

  /** Goes along a way, stop by stop, with what has become of the packets by then. */
  function follow(hook: Hook, all: Map<Chain, Visit[]>): void {
    const way = firewall.way(hook);
    let groups = new Map<Change, Node>([[way.entry, firewall.possible(hook)]]);
    for (const stop of way.stops) {
      const next = new Map<Change, Node>();
      const entries: Visit[] = [];
      for (const [before, group] of groups) {
        const come = diagram.mask(stop.sees, group);
        const packets = stop.spent === none ? come : diagram.without(come, changes.before(stop.spent, before));
        const change = changes.chained(before, stop.approach);
        const meets = changes.before(stop.meets, change);
        const here = diagram.mask(meets, packets);
        add(next, change, diagram.without(packets, meets));
        if (here === none) continue;
        entries.push({ hook, stop, change: changes.chained(change, stop.sight), packets: here });
        if (stop === way.stops.at(-1)) continue;
        for (const [after, accepted] of acceptedBy(stop))
          add(next, changes.chained(change, after), diagram.mask(here, changes.before(accepted, change)));
      }
      throughTable(stop, entries, all);
      groups = next;
    }
  }

  /** Packets that a stop accepts, by what it does to them: without the rules that decide few nodes are left. */
  function acceptedBy(stop: Stop): ReadonlyMap<Change, Node> {
    const known = accepted.get(stop);
    if (known !== undefined) return known;
    const after = new Map<Change, Node>();
    for (const value of diagram.leaves(stop.through)) {
      const change = changeOf(value);
      if (change !== null && !after.has(change))
        after.set(
          change,
          diagram.where(stop.through, (other) => changeOf(other) === change),
        );
    }
    accepted.set(stop, after);
    return after;
  }

  /** What is done to packets that the leaf's verdict accepts. */
  function changeOf(value: number): Change | null {
    const ending = value === 0 ? null : endings.of(value);
    return ending?.kind === 'decided' && ending.decision.verdict === 'ACCEPT' ? ending.change : null;
  }

  /** The chains of a stop's table, callers before those that they call. */
  function throughTable(stop: Stop, entries: readonly Visit[], all: Map<Chain, Visit[]>): void {
    const { table } = stop;
    const waiting = new Map<Chain, Map<Change, Node[]>>();
    const call = (chain: Chain, change: Change, packets: Node): void => {
      const groups = waiting.get(chain) ?? new Map<Change, Node[]>();
      waiting.set(chain, groups);
      const sets = groups.get(change);
      if (sets === undefined) groups.set(change, [packets]);
      else sets.push(packets);
    };
    for (const { change, packets } of entries) call(stop.chain, change, packets);
    for (const chain of callersFirst(ruleset, table, stop.chain)) {
      for (const [change, sets] of waiting.get(chain) ?? []) {
        const visit: Visit = { hook: entries[0]?.hook ?? 'input', stop, change, packets: union(sets) };
        const known = all.get(chain);
        if (known === undefined) all.set(chain, [visit]);
        else known.push(visit);
        if (chains.isSteady(table, chain)) atOnce(table, chain, visit, call);
        else walk(table, chain, visit, Number.POSITIVE_INFINITY, call);
      }
    }
  }

  /** A chain that changes no packet: what its calls meet, by one function. */
  function atOnce(table: Table, chain: Chain, visit: Visit, call: (chain: Chain, change: Change, packets: Node) => void): void {
    const { change, packets, stop } = visit;
    const calls = rulesOf(ruleset, chain).filter(({ effect }) => effect.kind === 'jump');
    if (calls.length === 0) return;
    const leaving = changes.before(chains.leaving(table, chain, stop.setting), change);
    for (const rule of calls) {
      const target = rule.effect.kind === 'jump' ? table.chains.get(rule.effect.chain) : undefined;
      if (target === undefined) continue;
      const matched = changes.before(chains.matched(table, chain, rule, stop.setting), change);
      const left = diagram.where(diagram.mask(matched, leaving), (value) => numberOf(endings, value) < rule.rule.number);
      const met = diagram.mask(diagram.without(matched, left), packets);
      if (met !== none) call(target, change, met);
    }
  }

  /** A chain that changes packets, rule by rule, with the packets as each rule leaves them. */
  /** @returns what comes to the rule `until` */
  function walk(
    table: Table,
    chain: Chain,
    visit: Visit,
    until: number,
    call?: (chain: Chain, change: Change, packets: Node) => void,
    seen?: Uint8Array,
  ): ReadonlyMap<Change, Node> {
    let groups = new Map<Change, Node>([[visit.change, visit.packets]]);
    for (const rule of rulesOf(ruleset, chain)) {
      const { number } = rule.rule;
      if (number >= until) break;
      const matched = actsOf(space, firewall, table, chain, rule, visit.stop);
      const step = chains.step(table, chain, rule, visit.stop.setting);
      const target = rule.effect.kind === 'jump' ? table.chains.get(rule.effect.chain) : undefined;
      const next = new Map<Change, Node>();
      for (const [change, packets] of groups) {
        const met = diagram.mask(packets, changes.before(matched, change));
        if (met !== none && seen !== undefined) seen[number] = 1;
        if (met !== none && target !== undefined) call?.(target, change, met);
        const does = changes.before(step, change);
        const touched = diagram.mask(
          packets,
          diagram.where(does, (value) => value !== 0),
        );
        add(next, change, diagram.without(packets, touched));
        for (const value of diagram.leaves(diagram.mask(packets, does))) {
          const ending = value === 0 ? null : endings.of(value);
          if (ending?.kind !== 'pass') continue;
          const passed = diagram.mask(
            packets,
            diagram.where(does, (other) => other === value),
          );
          add(next, changes.chained(change, ending.change), passed);
        }
      }
      groups = next;
    }
    return groups;
  }

  function add(groups: Map<Change, Node>, change: Change, packets: Node): void {
    if (packets !== none) groups.set(change, diagram.first(groups.get(change) ?? none, packets));
  }

  /** In halves, since sets grow. */
  function union(sets: readonly Node[]): Node {
    if (sets.length <= 2) return diagram.first(sets[0] ?? none, sets[1] ?? none);
    const middle = sets.length >> 1;
    return diagram.first(union(sets.slice(0, middle)), union(sets.slice(middle)));
  }
}

/** Packets that a rule matches; also those that a match in it drops by itself, though a later one says no. */
export function actsOf(
  { diagram }: Space,
  { chains }: Firewall,
  table: Table,
  chain: Chain,
  rule: UnderstoodRule,
  { setting }: Stop,
): Node {
  const matched = chains.matched(table, chain, rule, setting);
  if (!rule.hotdrop) return matched;
  return diagram.first(
    matched,
    diagram.where(chains.step(table, chain, rule, setting), (value) => value !== 0),
  );
}

/** Every packet that such a rule matches leaves the chain by it, so that the function alone tells. */
export function isSending({ effect, hotdrop }: UnderstoodRule): boolean {
  return !hotdrop && (effect.kind === 'verdict' || effect.kind === 'return');
}

/** The number of the rule that a leaf names; infinite where it names none. */
export function numberOf(endings: Space['endings'], value: number): number {
  if (value === 0) return Number.POSITIVE_INFINITY;
  const ending = endings.of(value);
  const by = ending.kind === 'decided' ? ending.decision.by : ending.kind === 'return' ? ending.by.by : null;
  return by === null || by.rule === 'policy' ? Number.POSITIVE_INFINITY : by.rule;
}

/** The chain and those that it leads to, callers before those that they call. */
export function callersFirst(ruleset: Ruleset, table: Table, from: Chain): readonly Chain[] {
  const done = new Set<Chain>();
  const order: Chain[] = [];
  const visit = (chain: Chain): void => {
    if (done.has(chain)) return;
    done.add(chain);
    for (const { effect } of rulesOf(ruleset, chain)) {
      const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
      if (target !== undefined) visit(target);
    }
    order.push(chain);
  };
  visit(from);
  return order.reverse();
}
