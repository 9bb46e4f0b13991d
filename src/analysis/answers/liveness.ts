import type { Hook } from '../../model/packet/index.ts';
import type { Chain, Table } from '../../model/ruleset/index.ts';
import { rulesOf, type UnderstoodRule } from '../evaluate/rules.ts';
import { type Node, none } from '../space/index.ts';
import type { Change, Firewall, Space, Stop } from '../symbolic/index.ts';
import { createConcerns } from './concerns.ts';
import { actsOf, type Candidates, callersFirst, type Hits, isSending, numberOf, type Visit, visitsOf } from './visits.ts';

/** Which rules any packet can come to and match. */
export interface Liveness {
  /** Rules that no packet meets, in the order of the ruleset. */
  readonly dead: readonly DeadRule[];
  /** How many rules were looked at. */
  readonly rules: number;
  isLive(table: string, chain: string, rule: number): boolean;
  /** Packets that come to the rule and match it, by way; empty for dead rules. */
  hits(table: string, chain: string, rule: number): readonly Hits[];
  /** Packets that come to the rule's chain and match the rule, whatever earlier rules of the chain do with them. */
  candidates(table: string, chain: string, rule: number): readonly Candidates[];
  /** What comes to the chain's first rule; empty where nothing does. */
  visits(table: string, chain: string): readonly Visit[];
}

export interface DeadRule {
  readonly table: Table;
  readonly chain: Chain;
  readonly rule: UnderstoodRule;
}

/** New nodes, besides as many as there are, that following packets forwards may take. */
const attempted = 300_000;

/**
 * Follows the packets of all ways through all chains, as they are wherever they have come to: packets that differ only in how
 * rules made them what they are count once. In chains that change no packet, which rule sends a packet away is one function,
 * and a rule is live if the function says so somewhere; other chains are walked rule by rule.
 *
 * A rule whose match hangs on what no field tells (a limit) is live if any answer makes it so, and covers nothing.
 *
 * Which packets these are as they arrive at the host is worked out when it is asked for.
 *
 * @throws OverBudget
 */
export function livenessOf(space: Space, firewall: Firewall): Liveness {
  const { diagram, endings, image } = space;
  const { ruleset, chains } = firewall;
  let live = new Map<Chain, Uint8Array>();
  const concerns = createConcerns(space, firewall);
  const visits = visitsOf(space, firewall);
  const hooks = ['input', 'forward', 'output'] as const;
  // What either direction needs is no part of the attempt.
  for (const hook of hooks) for (const stop of firewall.way(hook).stops) void stop.through;
  const done = diagram.attempt(attempted + diagram.size, () => {
    for (const hook of hooks) follow(hook);
    return true;
  });
  // Where many rules copy marks to and fro, what packets were is simpler than what has become of them.
  if (done === null) live = visits.live();
  const dead: DeadRule[] = [];
  let rules = 0;
  for (const table of ruleset.tables) {
    for (const chain of table.chains.values()) {
      for (const rule of rulesOf(ruleset, chain)) {
        rules += 1;
        if (live.get(chain)?.[rule.rule.number] !== 1) dead.push({ table, chain, rule });
      }
    }
  }
  return {
    dead,
    rules,
    isLive(tableName, chainName, rule) {
      const chain = ruleset.tables.find(({ name }) => name === tableName)?.chains.get(chainName);
      if (chain === undefined) throw new Error(`there is no chain ${chainName} in ${tableName}`);
      return live.get(chain)?.[rule] === 1;
    },
    hits: visits.hits,
    candidates: visits.candidates,
    visits: visits.visits,
  };

  /** Goes along a way, stop by stop. */
  function follow(hook: Hook): void {
    const way = firewall.way(hook);
    let packets = image(firewall.possible(hook), way.entry);
    for (const [index, stop] of way.stops.entries()) {
      // No rule changes whether a packet is a fragment.
      packets = image(diagram.without(diagram.mask(stop.sees, packets), stop.spent), stop.approach);
      const here = diagram.mask(stop.meets, packets);
      if (here !== none) throughTable(stop, image(here, stop.sight));
      if (stop === way.stops.at(-1)) return;
      const gone = diagram.first(diagram.without(packets, stop.meets), acceptedBy(stop, here));
      packets = concerns.forStops(gone, way.stops.slice(index + 1));
    }
  }

  /** Packets as they are behind a stop that accepts them. */
  function acceptedBy(stop: Stop, packets: Node): Node {
    const done = new Set<Change>();
    for (const value of diagram.leaves(stop.through)) {
      const change = changeOf(value);
      if (change !== null) done.add(change);
    }
    return union(
      [...done].map((change) => {
        const accepted = diagram.where(stop.through, (value) => changeOf(value) === change);
        return image(diagram.mask(packets, accepted), change);
      }),
    );
  }

  /** What is done to packets that the leaf's verdict accepts. */
  function changeOf(value: number): Change | null {
    const ending = value === 0 ? null : endings.of(value);
    return ending?.kind === 'decided' && ending.decision.verdict === 'ACCEPT' ? ending.change : null;
  }

  /** The chains of a stop's table, callers before those that they call. */
  function throughTable(stop: Stop, packets: Node): void {
    const { table } = stop;
    const waiting = new Map<Chain, Node[]>([[stop.chain, [packets]]]);
    const call = (chain: Chain, all: Node): void => {
      const met = concerns.forChain(all, table, chain, stop);
      const sets = waiting.get(chain);
      if (sets === undefined) waiting.set(chain, [met]);
      else sets.push(met);
    };
    for (const chain of callersFirst(ruleset, table, stop.chain)) {
      const sets = waiting.get(chain);
      if (sets === undefined) continue;
      const come = union(sets);
      if (chains.isSteady(table, chain)) atOnce(table, chain, stop, come, call);
      else inTurn(table, chain, stop, come, call);
    }
  }

  /** A chain that changes no packet: all its rules by one function. */
  function atOnce(table: Table, chain: Chain, stop: Stop, packets: Node, call: (chain: Chain, packets: Node) => void): void {
    const leaving = chains.leaving(table, chain, stop.setting);
    const seen = seenIn(chain);
    diagram.meet(packets, leaving, (value) => {
      const number = numberOf(endings, value);
      if (number !== Number.POSITIVE_INFINITY) seen[number] = 1;
      return false;
    });
    for (const rule of rulesOf(ruleset, chain)) {
      const { number } = rule.rule;
      const target = rule.effect.kind === 'jump' ? table.chains.get(rule.effect.chain) : undefined;
      if (target === undefined && (seen[number] === 1 || isSending(rule))) continue;
      const matched = chains.matched(table, chain, rule, stop.setting);
      if (target === undefined) {
        // It is enough that there is one.
        diagram.meet(diagram.mask(matched, packets), leaving, (value) => {
          if (numberOf(endings, value) >= number) seen[number] = 1;
          return seen[number] === 1;
        });
        continue;
      }
      const left = diagram.where(diagram.mask(matched, leaving), (value) => numberOf(endings, value) < number);
      const met = diagram.mask(diagram.without(matched, left), packets);
      if (met === none) continue;
      seen[number] = 1;
      call(target, met);
    }
  }

  /** A chain that changes packets: rule by rule, with the packets as each rule leaves them. */
  function inTurn(table: Table, chain: Chain, stop: Stop, come: Node, call: (chain: Chain, packets: Node) => void): void {
    const seen = seenIn(chain);
    let packets = come;
    for (const rule of rulesOf(ruleset, chain)) {
      const target = rule.effect.kind === 'jump' ? table.chains.get(rule.effect.chain) : undefined;
      const met = diagram.mask(packets, actsOf(space, firewall, table, chain, rule, stop));
      if (met !== none) {
        seen[rule.rule.number] = 1;
        if (target !== undefined) call(target, met);
      }
      packets = behind(packets, chains.step(table, chain, rule, stop.setting));
    }
  }

  /** Packets that go on behind a rule, as they are then. */
  function behind(packets: Node, does: Node): Node {
    const passed = [
      diagram.without(
        packets,
        diagram.where(does, (value) => value !== 0),
      ),
    ];
    for (const value of diagram.leaves(diagram.mask(packets, does))) {
      const ending = value === 0 ? null : endings.of(value);
      if (ending?.kind !== 'pass') continue;
      const changed = diagram.where(does, (other) => other === value);
      passed.push(image(diagram.mask(packets, changed), ending.change));
    }
    return union(passed);
  }

  function seenIn(chain: Chain): Uint8Array {
    let seen = live.get(chain);
    if (seen === undefined) {
      seen = new Uint8Array(chain.rules.length + 1);
      live.set(chain, seen);
    }
    return seen;
  }

  /** In halves, since sets grow. */
  function union(sets: readonly Node[]): Node {
    if (sets.length <= 2) return diagram.first(sets[0] ?? none, sets[1] ?? none);
    const middle = sets.length >> 1;
    return diagram.first(union(sets.slice(0, middle)), union(sets.slice(middle)));
  }
}
