import type { Hook, RuleRef } from '../../model/packet/index.ts';
import type { Chain, Table } from '../../model/ruleset/index.ts';
import { rulesOf } from '../evaluate/rules.ts';
import { type Node, none } from '../space/index.ts';
import type { Firewall, Space } from '../symbolic/index.ts';
import type { DeadRule, Liveness } from './liveness.ts';
import { coverOf, type Piece } from './shadows-cover.ts';
import { createStandings, type Sending, type Standing, sendingOf } from './shadows-standing.ts';
import { createShare } from './share.ts';
import type { Visit } from './visits.ts';

/** Why no packet meets a rule. */
export type Shadow =
  /** Nothing comes to its chain. */
  | {
      readonly kind: 'uncalled';
      /**
       * `no-caller`: no rule leads to it. `dead-callers`: rules do, and no packet meets them. `decided-before`: it is a
       * built-in chain, and no packet comes so far. `no-way`: packets never meet a chain of that table there.
       */
      readonly because: 'no-caller' | 'dead-callers' | 'decided-before' | 'no-way';
      /** Rules that lead to it. */
      readonly callers: readonly RuleRef[];
      /** What decides about the packets that would come to it, where that is so. */
      readonly decidedBy: readonly RuleRef[];
    }
  /** No packet that can exist where its chain stands meets its match: it contradicts itself, the hook or the chain's table. */
  | { readonly kind: 'impossible' }
  /** Packets that it matches exist, and none of them comes to its chain. */
  | { readonly kind: 'elsewhere'; readonly callers: readonly RuleRef[]; readonly decidedBy: readonly RuleRef[] }
  /** Earlier rules of its chain send away every packet that it matches. */
  | {
      readonly kind: 'covered';
      /** Together they cover all its packets, and none can be left out; in the order of the chain. */
      readonly blockers: readonly Blocker[];
      /** A rule that takes some of its packets and does something else with them, where none of the blockers does. */
      readonly opposite: Blocker | null;
      /** What the rule itself would do with its packets, and the packets: by way, as they arrive at the host. */
      readonly would: readonly Sending[];
      readonly packets: readonly { readonly hook: Hook; readonly packets: Node }[];
    };

export interface Blocker {
  readonly rule: RuleRef;
  readonly line: number;
  /** Of the packets that the later rule matches, those that this one sends away by itself: more than 0 to 1. */
  readonly share: number;
  /** What it does with them. */
  readonly does: readonly Sending[];
  /** Packets that it takes in fact and does something else with than the later rule would, by way; empty if there are none. */
  readonly otherwise: readonly { readonly hook: Hook; readonly packets: Node }[];
}

/** How much of a rule's packets earlier rules of its chain take. */
export interface Overlap {
  /** Of the packets that come to the chain and that the rule matches, those that never come to the rule: 0 to 1. */
  readonly share: number;
  /** The rules that take them, those that take most first; shares of the same whole. */
  readonly by: readonly { readonly rule: RuleRef; readonly line: number; readonly share: number }[];
  /** Rules that take some of them besides. */
  readonly others: number;
}

/** Which earlier rules take a rule's packets. */
export interface Shadows {
  /** @throws OverBudget */
  why(dead: DeadRule): Shadow;
  /**
   * Of any rule. `null` if nothing that it matches comes to its chain.
   *
   * @throws OverBudget
   */
  overlap(table: string, chain: string, rule: number): Overlap | null;
}

/** So many rules are named of those that take packets of a live one, and of so many it is asked how much they take. */
const named = 8;
const asked = 256;

/**
 * Says of rules why earlier ones leave nothing for them, or how much.
 *
 * Only rules that take packets in fact are blamed: a dead rule covers nothing. Matches that no field tells count with every
 * answer, so that what a limit lets through is not covered. It costs one function of each blamed rule, masked by the rule's
 * own packets; nothing is made for rules that are not asked about.
 */
export function shadowsOf(space: Space, firewall: Firewall, liveness: Liveness): Shadows {
  const { diagram, layout } = space;
  const { ruleset } = firewall;
  const share = createShare(diagram, layout);
  const standingOf = createStandings(space, firewall);
  /** Visits as they would be if nothing had sent packets away before. */
  const open = new Map<Visit, Visit>();
  return {
    why(dead) {
      const { table, chain, rule } = dead;
      const { number } = rule.rule;
      const visits = liveness.visits(table.name, chain.name);
      if (visits.length === 0) return uncalled(table, chain);
      const standings = visits.map((visit) => standingOf(table, chain, number, visit));
      const met = standings.filter(({ packets }) => packets !== none);
      return met.length === 0 ? absent(dead) : covered(table, chain, number, met);
    },
    overlap(tableName, chainName, number) {
      const table = ruleset.tables.find(({ name }) => name === tableName);
      const chain = table?.chains.get(chainName);
      if (table === undefined || chain === undefined) throw new Error(`there is no chain ${chainName} in ${tableName}`);
      const standings = liveness.visits(tableName, chainName).map((visit) => standingOf(table, chain, number, visit));
      return overlapIn(table, chain, standings);
    },
  };

  function uncalled(table: Table, chain: Chain): Shadow {
    const callers = callersOf(table, chain);
    if (callers.length > 0) return { kind: 'uncalled', because: 'dead-callers', callers, decidedBy: [] };
    const hooks = (['input', 'forward', 'output'] as const).filter((hook) =>
      firewall.way(hook).stops.some((stop) => stop.chain === chain && stop.table === table),
    );
    if (hooks.length > 0) {
      const decidedBy = hooks.flatMap((hook) => decidersOf(hook, firewall.possible(hook)));
      return { kind: 'uncalled', because: 'decided-before', callers, decidedBy: unique(decidedBy) };
    }
    return { kind: 'uncalled', because: builtins.has(chain.name) ? 'no-way' : 'no-caller', callers, decidedBy: [] };
  }

  /** Whether packets that the rule matches exist at all on the ways that lead through its chain. */
  function absent({ table, chain, rule }: DeadRule): Shadow {
    const decidedBy: RuleRef[] = [];
    let exists = false;
    for (const visit of liveness.visits(table.name, chain.name)) {
      const whole = open.get(visit) ?? { ...visit, packets: firewall.possible(visit.hook) };
      open.set(visit, whole);
      const { packets } = standingOf(table, chain, rule.rule.number, whole);
      if (packets === none) continue;
      exists = true;
      decidedBy.push(...decidersOf(visit.hook, packets));
    }
    return exists
      ? { kind: 'elsewhere', callers: callersOf(table, chain), decidedBy: unique(decidedBy) }
      : { kind: 'impossible' };
  }

  function covered(table: Table, chain: Chain, number: number, standings: readonly Standing[]): Shadow {
    const whole = standings.map(({ packets }) => packets);
    const takers = [...new Set(standings.flatMap(({ taken }) => [...taken.keys()]))].sort((left, right) => left - right);
    const all = sum(whole);
    const blockers = takers.map((taker) => blockerOf(table, chain, number, taker, standings, all));
    const pieces = blockers.map(({ sets, blocker }): Piece => ({ sets, preferred: differs(blocker) }));
    let cover = coverOf(diagram, whole, pieces, share);
    // Of rules that do something else, the one that does so with most of the packets.
    const opposite = blockers
      .map(({ against }, at) => ({ at, against }))
      .filter(({ against }) => against > 0)
      .reduce<{ at: number; against: number } | null>(
        (best, one) => (best === null || one.against > best.against ? one : best),
        null,
      );
    let lacks = opposite !== null && !blockers.some(({ blocker }, at) => cover.includes(at) && differs(blocker));
    if (lacks && opposite !== null) {
      const other = coverOf(diagram, whole, pieces, share, opposite.at);
      if (other.includes(opposite.at)) {
        cover = other;
        lacks = false;
      }
    }
    return {
      kind: 'covered',
      blockers: cover.map((at) => blockers[at]?.blocker).filter((blocker) => blocker !== undefined),
      opposite: lacks && opposite !== null ? (blockers[opposite.at]?.blocker ?? null) : null,
      would: sendings(standings.map((standing) => standing.does(number))),
      packets: standings.map(({ hook, packets }) => ({ hook, packets })),
    };
  }

  function blockerOf(
    table: Table,
    chain: Chain,
    number: number,
    taker: number,
    standings: readonly Standing[],
    all: number,
  ): { readonly blocker: Blocker; readonly sets: readonly Node[]; readonly against: number } {
    const does = standings.map((standing) => standing.does(taker));
    const sets = does.map((function_) => diagram.where(function_, (value) => sendingOf(space, value) !== null));
    const kinds = sendings(does);
    const otherwise: { readonly hook: Hook; readonly packets: Node }[] = [];
    let against = 0;
    for (const [at, standing] of standings.entries()) {
      let differing: Node = none;
      for (const kind of kinds) {
        const here = diagram.where(does[at] as Node, (value) => sendingOf(space, value) === kind);
        const there = diagram.where(standing.does(number), (value) => {
          const would = sendingOf(space, value);
          return would !== null && would !== kind;
        });
        differing = diagram.first(differing, diagram.mask(here, there));
      }
      const inFact = diagram.mask(differing, standing.taken.get(taker) ?? none);
      against += share(inFact);
      if (inFact !== none) otherwise.push({ hook: standing.hook, packets: inFact });
    }
    const blocker: Blocker = {
      ...located(table, chain, taker),
      share: sum(sets) / all,
      does: kinds,
      otherwise,
    };
    return { blocker, sets, against };
  }

  function overlapIn(table: Table, chain: Chain, standings: readonly Standing[]): Overlap | null {
    const all = sum(standings.map(({ packets }) => packets));
    if (all === 0) return null;
    const takers = [...new Set(standings.flatMap(({ taken }) => [...taken.keys()]))].sort((left, right) => left - right);
    const by = takers
      .slice(0, asked)
      .map((taker) => ({
        ...located(table, chain, taker),
        share: sum(standings.map(({ taken }) => taken.get(taker) ?? none)) / all,
      }))
      .sort((left, right) => right.share - left.share);
    const taken = standings.flatMap((standing) => [...standing.taken.values()]);
    return { share: Math.min(1, sum(taken) / all), by: by.slice(0, named), others: Math.max(0, takers.length - named) };
  }

  function sum(sets: readonly Node[]): number {
    return sets.reduce((total, set) => total + share(set), 0);
  }

  function sendings(functions: readonly Node[]): readonly Sending[] {
    const kinds = new Set<Sending>();
    for (const does of functions) {
      for (const value of diagram.leaves(does)) {
        const kind = sendingOf(space, value);
        if (kind !== null) kinds.add(kind);
      }
    }
    return [...kinds].sort();
  }

  function located(table: Table, chain: Chain, number: number): { readonly rule: RuleRef; readonly line: number } {
    const rule = { family: ruleset.family, table: table.name, chain: chain.name, rule: number } as const;
    return { rule, line: chain.rules[number - 1]?.line ?? 0 };
  }

  function callersOf(table: Table, chain: Chain): readonly RuleRef[] {
    return [...table.chains.values()].flatMap((caller) =>
      rulesOf(ruleset, caller).flatMap(({ effect, rule }) =>
        effect.kind === 'jump' && effect.chain === chain.name ? [located(table, caller, rule.number).rule] : [],
      ),
    );
  }

  /** Rules and policies that decide about the packets. */
  function decidersOf(hook: Hook, packets: Node): readonly RuleRef[] {
    const verdicts = diagram.mask(packets, firewall.way(hook).verdicts);
    const refs = new Map<string, RuleRef>();
    for (const value of diagram.leaves(verdicts)) {
      const ending = value === 0 ? null : space.endings.of(value);
      if (ending?.kind === 'decided') refs.set(JSON.stringify(ending.decision.by), ending.decision.by);
    }
    return [...refs.values()].sort(inOrder);
  }

  function unique(refs: readonly RuleRef[]): readonly RuleRef[] {
    return [...new Map(refs.map((ref) => [JSON.stringify(ref), ref])).values()].sort(inOrder);
  }

  function inOrder(left: RuleRef, right: RuleRef): number {
    if (left.table !== right.table) return left.table < right.table ? -1 : 1;
    if (left.chain !== right.chain) return left.chain < right.chain ? -1 : 1;
    return placeOf(left) < placeOf(right) ? -1 : 1;
  }
}

function differs({ otherwise }: Blocker): boolean {
  return otherwise.length > 0;
}

function placeOf({ rule }: RuleRef): number {
  return rule === 'policy' ? Number.POSITIVE_INFINITY : rule;
}

const builtins: ReadonlySet<string> = new Set(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']);
