import type { FinalVerdict, Hook } from '../../model/packet/index.ts';
import type { Chain, Table } from '../../model/ruleset/index.ts';
import { rulesOf, type UnderstoodRule } from '../evaluate/rules.ts';
import { type Node, none } from '../space/index.ts';
import type { Firewall, Space, Stop } from '../symbolic/index.ts';
import type { Visit } from './visits.ts';

type Change = Visit['change'];

/** What a rule does with a packet that it sends away. OTHER-WAY: what it is translated to leaves the host otherwise. */
export type Sending = FinalVerdict | 'RETURN' | 'OTHER-WAY';

/**
 * Packets of one visit to a chain that a rule matches, as they arrive at the host, and what the rules before it do with them.
 * Each packet is followed to the rule even if an earlier one sends it away, changed as rules that let it go on change it.
 */
export interface Standing {
  readonly hook: Hook;
  readonly packets: Node;
  /** By rule, in their order, those that it sends away in fact: no rule before it does. */
  readonly taken: ReadonlyMap<number, Node>;
  /** What a rule by itself does with the packets; also the rule that is asked about. Leaves are endings. */
  does(rule: number): Node;
}

/** How a rule stands behind the others of its chain, for the packets that come there as `visit` says. */
export type Standings = (table: Table, chain: Chain, rule: number, visit: Visit) => Standing;

/** Chains that change packets are walked once for each visit, whatever rules are asked about. */
export function createStandings(space: Space, firewall: Firewall): Standings {
  const walks = new WeakMap<Visit, readonly Before[]>();
  return (table, chain, rule, visit) => {
    if (firewall.chains.isSteady(table, chain)) return standingOf(space, firewall, table, chain, rule, visit, null);
    let walk = walks.get(visit);
    if (walk === undefined) {
      walk = walkOf(space, firewall, table, chain, visit);
      walks.set(visit, walk);
    }
    return standingOf(space, firewall, table, chain, rule, visit, walk);
  };
}

/** Packets before a rule by what has become of them, all that came to the chain; and what the rule does with them. */
interface Before {
  readonly groups: ReadonlyMap<Change, Node>;
  readonly does: Node;
}

/** @param walk of a chain that changes packets. */
function standingOf(
  space: Space,
  firewall: Firewall,
  table: Table,
  chain: Chain,
  number: number,
  visit: Visit,
  walk: readonly Before[] | null,
): Standing {
  const { diagram, changes, endings } = space;
  const { chains, ruleset } = firewall;
  const rules = rulesOf(ruleset, chain);
  const { stop, hook } = visit;
  return walk === null ? steady() : inTurn(walk);

  function ruleAt(at: number): UnderstoodRule {
    const rule = rules[at - 1];
    if (rule === undefined) throw new Error(`${table.name} ${chain.name} has no rule ${at}`);
    return rule;
  }

  /** Nothing changes the packets, so that one function says by which rule each leaves. */
  function steady(): Standing {
    const { change } = visit;
    const packets = diagram.mask(visit.packets, changes.before(matchedBy(ruleAt(number), stop), change));
    const leaving = diagram.mask(packets, changes.before(chains.leaving(table, chain, stop.setting), change));
    const values = new Map<number, Set<number>>();
    for (const value of diagram.leaves(leaving)) {
      const by = senderOf(value);
      if (by !== null && by < number) values.set(by, (values.get(by) ?? new Set()).add(value));
    }
    const taken = new Map<number, Node>();
    for (const by of [...values.keys()].sort((left, right) => left - right)) {
      const own = values.get(by);
      const set = diagram.where(leaving, (value) => own?.has(value) === true);
      taken.set(by, set);
    }
    const known = new Map<number, Node>();
    return {
      hook,
      packets,
      taken,
      does(rule) {
        let does = known.get(rule);
        if (does === undefined) {
          does = diagram.mask(packets, changes.before(chains.step(table, chain, ruleAt(rule), stop.setting), change));
          known.set(rule, does);
        }
        return does;
      },
    };
  }

  function inTurn(before: readonly Before[]): Standing {
    const own = before[number - 1] as Before;
    const matched = matchedBy(ruleAt(number), stop);
    let packets: Node = none;
    for (const [change, all] of own.groups) packets = diagram.first(packets, diagram.mask(all, changes.before(matched, change)));
    const taken = new Map<number, Node>();
    let rest = packets;
    for (let at = 0; at < number - 1 && rest !== none; at += 1) {
      const sent = diagram.mask(
        rest,
        diagram.where(before[at]?.does ?? none, (value) => value !== 0),
      );
      if (sent === none) continue;
      taken.set(at + 1, sent);
      rest = diagram.without(rest, sent);
    }
    return { hook, packets, taken, does: (rule) => diagram.mask(packets, before[rule - 1]?.does ?? none) };
  }

  /** Also what a match in the rule drops by itself. */
  function matchedBy(rule: UnderstoodRule, { setting }: Stop): Node {
    const matched = chains.matched(table, chain, rule, setting);
    if (!rule.hotdrop) return matched;
    return diagram.first(
      matched,
      diagram.where(chains.step(table, chain, rule, setting), (value) => value !== 0),
    );
  }

  function senderOf(value: number): number | null {
    if (value === 0) return null;
    const ending = endings.of(value);
    const by = ending.kind === 'decided' ? ending.decision.by : ending.kind === 'return' ? ending.by.by : null;
    return by === null || by.rule === 'policy' ? null : by.rule;
  }
}

/** Rule by rule, with what each makes of the packets. */
function walkOf(space: Space, firewall: Firewall, table: Table, chain: Chain, visit: Visit): readonly Before[] {
  const { diagram, changes, endings } = space;
  let groups = new Map<Change, Node>([[visit.change, visit.packets]]);
  return rulesOf(firewall.ruleset, chain).map((rule) => {
    const step = firewall.chains.step(table, chain, rule, visit.stop.setting);
    const before = groups;
    const next = new Map<Change, Node>();
    const add = (change: Change, packets: Node): void => {
      if (packets !== none) next.set(change, diagram.first(next.get(change) ?? none, packets));
    };
    let does: Node = none;
    for (const [change, all] of before) {
      const here = diagram.mask(all, changes.before(step, change));
      let passing: Node = none;
      for (const value of diagram.leaves(here)) {
        const ending = value === 0 ? null : endings.of(value);
        if (ending?.kind !== 'pass') continue;
        const passed = diagram.where(here, (other) => other === value);
        passing = diagram.first(passing, passed);
        add(changes.chained(change, ending.change), passed);
      }
      does = diagram.first(does, diagram.without(here, passing));
      add(change, diagram.without(all, passing));
    }
    groups = next;
    return { groups: before, does };
  });
}

/** What a leaf of {@link Standing.does} says; `null` where the packet goes on. */
export function sendingOf({ endings }: Space, value: number): Sending | null {
  if (value === 0) return null;
  const ending = endings.of(value);
  switch (ending.kind) {
    case 'pass':
      return null;
    case 'return':
      return 'RETURN';
    case 'broken':
      return 'OTHER-WAY';
    case 'decided':
      return ending.decision.verdict;
  }
}
