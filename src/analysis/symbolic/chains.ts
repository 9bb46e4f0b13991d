import type { FinalVerdict } from '../../model/packet/index.ts';
import type { Chain, Ruleset, Table } from '../../model/ruleset/index.ts';
import { rulesOf, type UnderstoodRule } from '../evaluate/rules.ts';
import { all, buildCases, type Case, type Node, none } from '../space/index.ts';
import type { Change, Changes } from './change.ts';
import type { Effects, Setting } from './effects.ts';
import type { Decision, Endings } from './ending.ts';
import type { Matching } from './match.ts';

/** A chain as a function: how packets that come to its first rule leave it. */
export interface Chains {
  /** Leaves: a pass where the packet comes to the end, a return, or a verdict. */
  through(table: Table, chain: Chain, setting: Setting): Node;
  /** Packets that a rule matches, jump or not, as far as its own conditions say. */
  matched(table: Table, chain: Chain, rule: UnderstoodRule, setting: Setting): Node;
  /** DROP by a rule (`table chain rule N`); `null` if no packet can have come to it. */
  dropBy(name: string): Decision | null;
}

export function createChains(ruleset: Ruleset, matching: Matching, changes: Changes, effects: Effects, endings: Endings): Chains {
  const { diagram, layout } = matching;
  const axes = layout.fields.map((field) => layout.axis(field));
  const known = new Map<string, Node>();
  const natures = new Map<Chain, Nature>();
  const entries = new Map<Table, ReadonlyMap<string, number>>();
  const decisions = new Map<string, Decision>();
  const within = new Set<Chain>();

  const chains: Chains = {
    through,
    matched,
    dropBy: (name) => decisions.get(`${name} DROP`) ?? null,
  };
  return chains;

  /** `path` tells apart the visits to rules that answer each visit anew. */
  function through(table: Table, chain: Chain, setting: Setting, path = ''): Node {
    const nature = natureOf(table, chain);
    const asked = nature.stateful ? path : '';
    const key = `${table.name} ${chain.name} ${nature.settled ? '' : keyOf(setting)} ${asked}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    if (within.has(chain)) throw new Error(`${table.name} ${chain.name} leads back to itself, which the kernel refuses`);
    within.add(chain);
    const made = listed(table, chain, setting, asked);
    within.delete(chain);
    known.set(key, made);
    return made;
  }

  /** Rules that change the packet and go on part the list: what comes behind them sees another packet. */
  function listed(table: Table, chain: Chain, setting: Setting, path: string): Node {
    const parts: Node[] = [];
    let cases: Case[] = [];
    const close = (): void => {
      if (cases.length > 0) parts.push(buildCases(diagram, axes, cases));
      cases = [];
    };
    for (const [at, rule] of rulesOf(ruleset, chain).entries()) {
      if (!rule.deciding && rule.effect.kind !== 'alter') continue;
      const own = settingOf(table, chain, rule, setting, path);
      const tail = rule.effect.kind === 'jump' ? called(table, rule, at, own, path) : effectOf(table, chain, rule, at, own);
      if (tail === none && !rule.hotdrop) continue;
      if (!rule.hotdrop && rule.onFragment === rule.constraint && !goesOnChanged(tail)) {
        const one = matching.case(rule.constraint, own.place, tail);
        if (one !== null) cases.push(one);
        continue;
      }
      close();
      parts.push(oneRule(table, chain, rule, at, own, tail));
    }
    close();
    return sequence(parts, 0, parts.length);
  }

  function sequence(parts: readonly Node[], from: number, to: number): Node {
    if (to - from === 0) return none;
    if (to - from === 1) return parts[from] as Node;
    const middle = (from + to) >> 1;
    return then(sequence(parts, from, middle), sequence(parts, middle, to));
  }

  /** `f`, and behind it `g` for packets that pass, changed as they are by then. */
  function then(f: Node, g: Node): Node {
    if (g === none) return f;
    const passes = new Map<number, Change>();
    for (const value of diagram.leaves(f)) {
      if (value < 2) continue;
      const ending = endings.of(value);
      if (ending.kind === 'pass') passes.set(value, ending.change);
    }
    if (passes.size === 0) return diagram.first(f, g);
    const changed = diagram.where(f, (value) => passes.has(value));
    let result = diagram.first(
      diagram.mapLeaves(f, (value) => (passes.has(value) ? none : ~value)),
      diagram.without(g, changed),
    );
    for (const [value, change] of passes) {
      const later = withDefault(changes.onward(g, change), endings.pass(change));
      result = diagram.first(
        diagram.mask(
          diagram.where(f, (other) => other === value),
          later,
        ),
        result,
      );
    }
    return result;
  }

  /** Where `g` says nothing the packet passes, changed as it is. */
  function withDefault(g: Node, pass: Node): Node {
    return diagram.mapLeaves(g, (value) => (value === 0 ? pass : ~value));
  }

  /** A rule by itself: one with a match that may drop the packet, or that reads later fragments otherwise. */
  function oneRule(table: Table, chain: Chain, rule: UnderstoodRule, at: number, setting: Setting, tail: Node): Node {
    const of = (constraint: UnderstoodRule['constraint']): Node => {
      if (!rule.hotdrop) {
        const set = matching.set(constraint, setting.place);
        // That it may have been altered is enough: see evaluate/rewrite.ts, alter.
        return diagram.mask(rule.effect.kind === 'alter' ? somehow(set) : set, tail);
      }
      let made = tail;
      for (const part of [...(constraint.kind === 'all' ? constraint.of : [constraint])].reverse()) {
        made = diagram.mask(matching.set(part, setting.place), made);
        const opaque = part.kind === 'not' ? part.of : part;
        if (opaque.kind !== 'opaque' || !opaque.hotdrop) continue;
        const text = `${opaque.text} (drops the packet itself)`;
        const full = matching.variable(`${text} @ ${setting.place.scope}`, text);
        made = diagram.choose(full, endings.decided(decisionOf(table, chain, rule, 'DROP'), at, changes.unchanged), made);
      }
      return made;
    };
    if (rule.onFragment === rule.constraint) return of(rule.constraint);
    const fragment = matching.fieldSet('fragment', layout.numberCodes('fragment', [[1, 1]]));
    return diagram.choose(fragment, of(rule.onFragment), of(rule.constraint));
  }

  function called(table: Table, rule: UnderstoodRule, at: number, setting: Setting, path: string): Node {
    const { effect } = rule;
    const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
    if (effect.kind !== 'jump' || target === undefined) throw new Error('a jump leads to a chain that is not there');
    const several = (entriesOf(table).get(target.name) ?? 0) > 1;
    const inner = through(table, target, setting, several ? `${path} by ${setting.place.scope}` : path);
    return diagram.mapLeaves(inner, (value) => {
      const ending = endings.of(value);
      switch (ending.kind) {
        case 'decided':
          return endings.decided(ending.decision, at, ending.change);
        case 'broken':
          return endings.broken(ending.why, at);
        default:
          return effect.goto ? endings.returned(at, ending.change) : endings.pass(ending.change);
      }
    });
  }

  function effectOf(table: Table, chain: Chain, rule: UnderstoodRule, at: number, setting: Setting): Node {
    if (rule.effect.kind === 'hops') decisionOf(table, chain, rule, 'DROP');
    return effects.of(rule.effect, rule.target, at, (verdict) => decisionOf(table, chain, rule, verdict), setting);
  }

  function decisionOf(table: Table, chain: Chain, { rule }: UnderstoodRule, verdict: FinalVerdict): Decision {
    const key = `${table.name} ${chain.name} rule ${rule.number} ${verdict}`;
    const before = decisions.get(key);
    if (before !== undefined) return before;
    const by = { family: ruleset.family, table: table.name, chain: chain.name, rule: rule.number } as const;
    const made: Decision = { verdict, by, line: rule.line };
    decisions.set(key, made);
    return made;
  }

  function matched(table: Table, chain: Chain, rule: UnderstoodRule, setting: Setting): Node {
    const { place } = settingOf(table, chain, rule, setting, '');
    const set = matching.set(rule.constraint, place);
    if (rule.onFragment === rule.constraint) return set;
    const fragment = matching.fieldSet('fragment', layout.numberCodes('fragment', [[1, 1]]));
    return diagram.choose(fragment, matching.set(rule.onFragment, place), set);
  }

  function settingOf(table: Table, chain: Chain, { rule }: UnderstoodRule, setting: Setting, path: string): Setting {
    const name = `${table.name} ${chain.name} rule ${rule.number}`;
    return { ...setting, rule: name, place: { ...setting.place, scope: `${name}${path}` } };
  }

  /** The same packets whatever an opaque match says. */
  function somehow(set: Node): Node {
    const seen = new Map<Node, Node>();
    const visit = (node: Node): Node => {
      if (node < 0) return node;
      if (diagram.level(node) >= layout.firstVariable) return all;
      const before = seen.get(node);
      if (before !== undefined) return before;
      const made = diagram.make(diagram.level(node), visit(diagram.lo(node)), visit(diagram.hi(node)));
      seen.set(node, made);
      return made;
    };
    return visit(set);
  }

  function goesOnChanged(tail: Node): boolean {
    if (tail === none) return false;
    for (const value of diagram.leaves(tail)) if (value > 1 && endings.of(value).kind === 'pass') return true;
    return false;
  }

  /** What of a chain hangs on how a packet came to it. */
  function natureOf(table: Table, chain: Chain): Nature {
    const before = natures.get(chain);
    if (before !== undefined) return before;
    let nature: Nature = { stateful: false, settled: true };
    natures.set(chain, nature);
    for (const rule of rulesOf(ruleset, chain)) {
      const { effect } = rule;
      const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
      const inner = target === undefined ? null : natureOf(table, target);
      nature = {
        stateful: nature.stateful || inner?.stateful === true || asksAnew(rule),
        settled: nature.settled && inner?.settled !== false && !unsettled.has(effect.kind),
      };
    }
    natures.set(chain, nature);
    return nature;
  }

  /** How many rules and hooks lead to each chain. */
  function entriesOf(table: Table): ReadonlyMap<string, number> {
    const before = entries.get(table);
    if (before !== undefined) return before;
    const counts = new Map<string, number>();
    for (const chain of table.chains.values()) {
      for (const { effect } of rulesOf(ruleset, chain))
        if (effect.kind === 'jump') counts.set(effect.chain, (counts.get(effect.chain) ?? 0) + 1);
    }
    entries.set(table, counts);
    return counts;
  }
}

interface Nature {
  /** Some match in it answers each visit anew. */
  readonly stateful: boolean;
  /** What it does is the same at every hook. */
  readonly settled: boolean;
}

const unsettled: ReadonlySet<string> = new Set(['netmap', 'translate', 'hops']);

function asksAnew({ constraint, effect }: UnderstoodRule): boolean {
  const some = (part: UnderstoodRule['constraint']): boolean =>
    part.kind === 'all' || part.kind === 'any'
      ? part.of.some(some)
      : part.kind === 'not'
        ? some(part.of)
        : part.kind === 'opaque' && part.nature === 'stateful';
  return effect.kind === 'unknown' || effect.kind === 'deliver' || some(constraint);
}

function keyOf({ end, beforeRouting, sent }: Setting): string {
  return `${end} ${beforeRouting} ${sent}`;
}
