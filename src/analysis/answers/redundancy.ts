import type { RuleRef } from '../../model/packet/index.ts';
import { type Chain, isBuiltin, type Table } from '../../model/ruleset/index.ts';
import { rulesOf, type UnderstoodRule } from '../evaluate/rules.ts';
import { leaf, type Node, none } from '../space/index.ts';
import type { Decision, Ending, Firewall, Space, Stop } from '../symbolic/index.ts';
import { answerOf } from './ends.ts';
import type { Liveness } from './liveness.ts';
import { createRemovable } from './redundancy-removable.ts';
import type { Visit } from './visits.ts';
import { createWhatIf } from './whatif.ts';

/** A rule without which every packet ends as it does with it. */
export interface RedundantRule {
  readonly rule: RuleRef;
  readonly line: number;
  /** `table`: what its packets meet behind it in its table does the same with them. `way`: the whole way through the host does. */
  readonly by: 'table' | 'way';
}

export interface RedundancyOptions {
  /**
   * Asks of rules that stay in doubt what the whole way would be without them: of chains that several rules call, and of
   * tables that others stand behind. It costs some two functions of the ruleset a rule, and more where many rules meet.
   */
  readonly thorough?: boolean;
}

/**
 * Rules that packets meet and that change nothing: each by itself, not all of them at once. That a packet is accepted by another
 * rule instead is no change; that it is translated otherwise, or answered with another error, is one.
 *
 * Left out are dead rules, rules that report or keep count (a chain that holds one is not called for nothing either), and
 * chains that change packets. Each rule is compared with what the rest of the table does with its packets: a chain is halved
 * again and again, and what comes behind a half is kept for the packets of that half alone.
 *
 * @throws OverBudget
 */
export function redundancyOf(
  space: Space,
  firewall: Firewall,
  liveness: Liveness,
  { thorough = false }: RedundancyOptions = {},
): readonly RedundantRule[] {
  const { diagram, changes, endings } = space;
  const { ruleset, chains, surroundings } = firewall;
  const removable = createRemovable(ruleset);
  const classes = createClasses();
  const needed = new Set<UnderstoodRule>();
  const spared = new Set<UnderstoodRule>();
  const whatIf = thorough ? createWhatIf({ ruleset, surroundings }) : null;

  const found: RedundantRule[] = [];
  for (const table of ruleset.tables) {
    for (const stop of stopsOf(table)) pass(table, stop);
    for (const chain of table.chains.values()) {
      for (const rule of rulesOf(ruleset, chain)) {
        if (!isAsked(table, chain, rule)) continue;
        const byTable = spared.has(rule) && !needed.has(rule);
        if (!byTable && !isSparedByWay(table, chain, rule)) continue;
        const { number, line } = rule.rule;
        const ref: RuleRef = { family: ruleset.family, table: table.name, chain: chain.name, rule: number };
        found.push({ rule: ref, line, by: byTable ? 'table' : 'way' });
      }
    }
  }
  return found;

  function isAsked(table: Table, chain: Chain, rule: UnderstoodRule): boolean {
    return removable(table, rule) && liveness.isLive(table.name, chain.name, rule.rule.number);
  }

  /** Verdicts are all that rules of these tables give; those of others may be there for what others then do not do. */
  function isSparedByWay(table: Table, chain: Chain, { rule }: UnderstoodRule): boolean {
    if (table.name !== 'filter' && table.name !== 'security') return false;
    const asked = whatIf?.({ kind: 'remove', table: table.name, chain: chain.name, rule: rule.number }, { most: 1 });
    if (asked?.ok !== true) return false;
    const { ways, rewrites } = asked.value;
    return ways.every((way) => way.kind === 'decided' && way.equal) && rewrites?.differences.length === 0;
  }

  function stopsOf(table: Table): readonly Stop[] {
    const stops = new Set<Stop>();
    for (const chain of table.chains.values()) for (const { stop } of liveness.visits(table.name, chain.name)) stops.add(stop);
    return [...stops];
  }

  /** The chains that packets of one stop meet, callers first: behind a chain that one rule alone calls stands what is behind that. */
  function pass(table: Table, stop: Stop): void {
    const behind = new Map<Chain, Node>();
    const callers = countCallers(table);
    const done = new Set<Chain>();
    const waiting: Chain[] = [stop.chain];
    for (let chain = waiting.shift(); chain !== undefined; chain = waiting.shift()) {
      if (done.has(chain)) continue;
      // A chain has its turn when all that call it had theirs.
      if (waiting.some((other) => other !== chain && leadsTo(table, other, chain))) {
        waiting.push(chain);
        continue;
      }
      done.add(chain);
      const visits = liveness.visits(table.name, chain.name).filter((visit) => visit.stop === stop);
      const own = endOf(table, chain, behind.get(chain));
      const steady = chains.isSteady(table, chain);
      if (steady && visits.length > 0) along(table, chain, stop, visits, own, behind, callers);
      for (const { effect } of rulesOf(ruleset, chain)) {
        const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
        if (target !== undefined) waiting.push(target);
      }
    }
  }

  function endOf(table: Table, chain: Chain, behind: Node | undefined): Node {
    if (isBuiltin(table.name, chain.name)) return classes.of(`${chain.policy ?? 'ACCEPT'} 0`);
    return behind ?? classes.of('back to the caller');
  }

  function along(
    table: Table,
    chain: Chain,
    stop: Stop,
    visits: readonly Visit[],
    end: Node,
    behind: Map<Chain, Node>,
    callers: ReadonlyMap<string, number>,
  ): void {
    const leaving = visits.map(({ change }) => changes.before(chains.leaving(table, chain, stop.setting), change));
    const parts: Part[] = [];
    const stretches = new Map<number, Pick<Part, 'does' | 'whom'>>();
    for (const rule of rulesOf(ruleset, chain)) {
      const { effect } = rule;
      const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
      // The same packets come to a chain once only, if one rule calls it and its caller is met once.
      const alone = target !== undefined && callers.get(target.name) === 1 ? target : null;
      if (!rule.deciding && !rule.hotdrop && alone === null) continue;
      const does = inClasses(table, chains.step(table, chain, rule, stop.setting), end);
      const acts = diagram.where(does, (value) => value !== 0);
      const whom = alone === null ? acts : diagram.first(acts, chains.matched(table, chain, rule, stop.setting));
      parts.push({ rule, does, whom, alone });
    }
    each(0, parts.length, end);

    /** Goes to each rule with what comes behind it, for the packets of these rules only: all of it would be as much again each time. */
    function each(from: number, to: number, rest: Node): void {
      if (to - from > 1) {
        const middle = (from + to) >> 1;
        const [left, right] = [merged(from, middle), merged(middle, to)];
        each(middle, to, diagram.mask(right.whom, rest));
        each(from, middle, diagram.first(diagram.mask(left.whom, right.does), diagram.mask(left.whom, rest)));
        return;
      }
      const part = parts[from];
      if (part === undefined) return;
      const { rule, does, alone } = part;
      if (alone !== null) behind.set(alone, rule.effect.kind === 'jump' && rule.effect.goto ? end : rest);
      if (!isAsked(table, chain, rule)) return;
      const same = visits.every((visit, at) => isSame(chain, rule, visit, leaving[at] as Node, does, rest));
      (same ? spared : needed).add(rule);
    }

    /** What rules do together, and with whom they have to do. */
    function merged(from: number, to: number): Pick<Part, 'does' | 'whom'> {
      if (to - from === 1) return parts[from] as Part;
      const known = stretches.get(from * parts.length + to);
      if (known !== undefined) return known;
      const middle = (from + to) >> 1;
      const [left, right] = [merged(from, middle), merged(middle, to)];
      const made = { does: diagram.first(left.does, right.does), whom: diagram.first(left.whom, right.whom) };
      stretches.set(from * parts.length + to, made);
      return made;
    }
  }

  /** Whether the packets that leave the chain by a rule would end alike behind it. */
  function isSame(chain: Chain, rule: UnderstoodRule, visit: Visit, leaving: Node, does: Node, rest: Node): boolean {
    let different: Node = none;
    for (const value of diagram.leaves(does)) {
      if (value === 0) continue;
      const here = diagram.where(does, (other) => other === value);
      const alike = diagram.where(diagram.mask(here, rest), (other) => other === value);
      different = diagram.first(different, diagram.without(here, alike));
    }
    if (different === none) return true;
    let same = true;
    // One packet is enough.
    diagram.meet(visit.packets, diagram.mask(changes.before(different, visit.change), leaving), (value) => {
      if (value !== 0 && isBy(endings.of(value), chain, rule.rule.number)) same = false;
      return !same;
    });
    return same;
  }

  /** What comes of packets, by classes: where they go back to the caller, what is behind the chain. */
  function inClasses(table: Table, step: Node, end: Node): Node {
    const back = diagram.where(step, (value) => value !== 0 && endings.of(value).kind === 'return');
    const rest = diagram.mapLeaves(step, (value) => {
      const ending = value === 0 ? null : endings.of(value);
      switch (ending?.kind) {
        case 'decided': {
          const { decision, change } = ending;
          const answer = decision.verdict === 'REJECT' ? answerOf(ruleset, decision) : '';
          // What is translated last of all is no change that any rule sees, and one all the same.
          const by = isTranslation(table, decision) ? ` by ${decision.by.chain} ${decision.by.rule}` : '';
          return classes.of(`${decision.verdict} ${change.id} ${answer}`.trim() + by);
        }
        case 'broken':
          return classes.of('another way');
        default:
          return none;
      }
    });
    return diagram.first(rest, diagram.mask(back, end));
  }

  function isTranslation(table: Table, { by }: Decision): boolean {
    const chain = table.chains.get(by.chain);
    const rule = chain === undefined || by.rule === 'policy' ? undefined : rulesOf(ruleset, chain)[by.rule - 1];
    return rule !== undefined && ['translate', 'netmap', 'deliver'].includes(rule.effect.kind);
  }

  function countCallers(table: Table): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const chain of table.chains.values()) {
      for (const { effect } of rulesOf(ruleset, chain))
        if (effect.kind === 'jump') counts.set(effect.chain, (counts.get(effect.chain) ?? 0) + 1);
    }
    return counts;
  }

  function leadsTo(table: Table, from: Chain, to: Chain, seen = new Set<Chain>()): boolean {
    if (seen.has(from)) return false;
    seen.add(from);
    return rulesOf(ruleset, from).some(({ effect }) => {
      const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
      return target !== undefined && (target === to || leadsTo(table, target, to, seen));
    });
  }
}

/** A rule that packets may leave the chain by, or by which alone they come to another. */
interface Part {
  readonly rule: UnderstoodRule;
  readonly does: Node;
  /** Packets that have to do with it: of others need not be known what comes behind. */
  readonly whom: Node;
  /** The chain that it alone calls. */
  readonly alone: Chain | null;
}

function isBy(ending: Ending, chain: Chain, number: number): boolean {
  const by = ending.kind === 'decided' ? ending.decision.by : ending.kind === 'return' ? ending.by.by : null;
  return by !== null && by.chain === chain.name && by.rule === number;
}

/** Leaves for what can become of a packet. */
function createClasses(): { of(name: string): Node } {
  const known = new Map<string, Node>();
  return {
    of(name) {
      let node = known.get(name);
      if (node === undefined) {
        node = leaf(2 + known.size);
        known.set(name, node);
      }
      return node;
    },
  };
}
