import type { FinalVerdict } from '../../model/packet/index.ts';
import type { Chain, Rule, Ruleset, Table } from '../../model/ruleset/index.ts';
import { rulesOf, type UnderstoodRule } from '../evaluate/rules.ts';
import { all, buildCases, type Case, type Node, narrowed, none } from '../space/index.ts';
import type { Change, Changes } from './change.ts';
import type { Effects, Setting } from './effects.ts';
import type { Decision, Endings } from './ending.ts';
import { onLaterFragment, setOnLaterFragment } from './fragments.ts';
import type { Matching } from './match.ts';
import { createOccurrences } from './occurrences.ts';

/** A chain as a function: how packets that come to its first rule leave it. */
export interface Chains {
  /** Of a built-in chain: leaves are verdicts, its policy where no rule gives one. */
  decided(table: Table, chain: Chain, setting: Setting, policy: Decision): Node;
  /** Of any chain: leaves are a pass where the packet goes back to the caller, changed or not, and verdicts. */
  through(table: Table, chain: Chain, setting: Setting): Node;
  /**
   * Of a chain that changes no packet: by which of its own rules a packet leaves it, whatever becomes of it then. Leaves are
   * verdicts and returns in name of the chain's rules; `none`, or a policy, where no rule sends it away.
   */
  leaving(table: Table, chain: Chain, setting: Setting): Node;
  /** One rule by itself, calls and all: `none` where it does nothing, a pass where it only changes the packet. */
  step(table: Table, chain: Chain, rule: UnderstoodRule, setting: Setting): Node;
  /** Packets that a rule matches, as far as its own conditions say. */
  matched(table: Table, chain: Chain, rule: UnderstoodRule, setting: Setting): Node;
  /** Neither the chain nor one that it calls changes packets. */
  isSteady(table: Table, chain: Chain): boolean;
  /** DROP by a rule (`table chain rule N`); `null` if no packet can have come to it. */
  dropBy(name: string): Decision | null;
}

export function createChains(
  ruleset: Ruleset,
  matching: Matching,
  changes: Changes,
  effects: Effects,
  endings: Endings,
  nameOf?: (table: string, rule: Rule) => string | null,
): Chains {
  const { diagram, layout } = matching;
  const axes = layout.fields.map((field) => layout.axis(field));
  const fragmentAxis = layout.fields.indexOf('fragment');
  const [firstOnes, laterOnes] = [layout.numberCodes('fragment', [[0, 0]]), layout.numberCodes('fragment', [[1, 1]])] as const;
  const known = new Map<string, Node>();
  const leavings = new Map<string, Node>();
  const natures = new Map<Chain, Nature>();
  const entries = new Map<Table, ReadonlyMap<string, number>>();
  /** The last verdict asked of each rule: few have more than one. */
  const decisions = new Map<Rule, Decision>();
  const shortening = new Map<string, Decision>();
  const within = new Set<Chain>();
  const occurrences = createOccurrences(ruleset, (rule) => isLasting(rule) || rule.effect.kind === 'jump');

  const chains: Chains = {
    through,
    matched,
    decided(table, chain, setting, policy) {
      const end = endings.decided(policy, changes.unchanged);
      const whole = listed(table, chain, setting, '', end, false);
      noteLeaving(table, chain, setting, '', whole);
      if (natureOf(table, chain).leaf) return whole;
      return diagram.mapLeaves(whole, (value) => {
        const ending = endings.of(value);
        return ending.kind === 'pass' || ending.kind === 'return' ? endings.decided(policy, ending.change) : ~value;
      });
    },
    leaving(table, chain, setting) {
      const key = keyIn(table, chain, setting, '');
      const before = leavings.get(key);
      if (before !== undefined) return before;
      const made = listed(table, chain, setting, '', none, true);
      leavings.set(key, made);
      return made;
    },
    step(table, chain, rule, setting) {
      const own = settingOf(table, chain, rule, setting, '');
      const does = rule.effect.kind === 'jump' ? called(table, chain, rule, own, '') : effectOf(table, chain, rule, own);
      return oneRule(table, chain, rule, own, does);
    },
    isSteady: (table, chain) => natureOf(table, chain).steady,
    dropBy: (name) => shortening.get(name) ?? null,
  };
  return chains;

  /** `path` tells apart the visits to rules that answer each visit anew. */
  function through(table: Table, chain: Chain, setting: Setting, path = ''): Node {
    const nature = natureOf(table, chain);
    const asked = nature.stateful ? path : '';
    const key = keyIn(table, chain, setting, asked);
    const before = known.get(key);
    if (before !== undefined) return before;
    if (within.has(chain)) throw new Error(`${table.name} ${chain.name} leads back to itself, which the kernel refuses`);
    within.add(chain);
    const whole = listed(table, chain, setting, asked, none, false);
    noteLeaving(table, chain, setting, asked, whole);
    within.delete(chain);
    const made = nature.leaf
      ? whole
      : diagram.mapLeaves(whole, (value) => {
          const ending = endings.of(value);
          return ending.kind === 'return' ? endings.pass(ending.change) : ~value;
        });
    known.set(key, made);
    return made;
  }

  function keyIn(table: Table, chain: Chain, setting: Setting, asked: string): string {
    return `${table.name} ${chain.name} ${natureOf(table, chain).settled ? '' : keyOf(setting)} ${asked}`;
  }

  /** Where a chain calls no other its rules are their own names. */
  function noteLeaving(table: Table, chain: Chain, setting: Setting, asked: string, whole: Node): void {
    if (asked === '' && rulesOf(ruleset, chain).every(({ effect }) => effect.kind !== 'jump'))
      leavings.set(keyIn(table, chain, setting, ''), whole);
  }

  /**
   * Rules that change the packet and go on part the list: what comes behind them sees another packet.
   *
   * @param end what comes behind the last rule
   * @param named a rule's leaves are told by the rule, whatever the chain that it calls does
   */
  function listed(table: Table, chain: Chain, setting: Setting, path: string, end: Node, named: boolean): Node {
    const parts: Node[] = [];
    let cases: Case[] = [];
    const close = (): void => {
      if (cases.length > 0) parts.push(buildCases(diagram, axes, cases));
      cases = [];
    };
    for (const rule of rulesOf(ruleset, chain)) {
      if (!rule.deciding && !rewrites(rule) && !rule.hotdrop) continue;
      const own = asksOwnName(rule) ? settingOf(table, chain, rule, setting, path) : setting;
      const calls = rule.effect.kind === 'jump';
      const does = calls ? called(table, chain, rule, own, path) : effectOf(table, chain, rule, own);
      const tail = calls && named ? inNameOf(does, decisionOf(table, chain, rule, 'ACCEPT')) : does;
      if (tail === none && !rule.hotdrop) continue;
      if (!rule.hotdrop && !goesOnChanged(tail)) {
        cases.push(...casesOf(rule, own, tail));
        continue;
      }
      close();
      parts.push(oneRule(table, chain, rule, own, tail));
    }
    if (end !== none) cases.push({ axes: [], codes: [], gives: end });
    close();
    return sequence(parts, 0, parts.length);
  }

  /** Later fragments meet some rules otherwise, and then by a case of their own. */
  function casesOf(rule: UnderstoodRule, { place }: Setting, tail: Node): readonly Case[] {
    const one = matching.case(rule.constraint, place, tail);
    if (rule.onFragment === rule.constraint) return one === null ? [] : [one];
    const { rest, bytes } = onLaterFragment(rule.constraint, place, matching);
    const later = matching.case(rest, place, diagram.mask(bytes, tail));
    const apart = [one === null ? null : narrowed(one, fragmentAxis, firstOnes)];
    apart.push(later === null ? null : narrowed(later, fragmentAxis, laterOnes));
    return apart.filter((each) => each !== null);
  }

  function inNameOf(does: Node, rule: Decision): Node {
    return diagram.mapLeaves(does, (value) => {
      const ending = endings.of(value);
      return ending.kind === 'pass' ? ~value : endings.decided(rule, changes.unchanged);
    });
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
  function oneRule(table: Table, chain: Chain, rule: UnderstoodRule, setting: Setting, tail: Node): Node {
    const { constraint } = rule;
    const of = (setOf: (part: UnderstoodRule['constraint']) => Node): Node => {
      if (!rule.hotdrop) {
        const set = setOf(constraint);
        // That it may have been altered is enough: see evaluate/rewrite.ts, alter.
        return diagram.mask(rewrites(rule) && !rule.deciding ? somehow(set) : set, tail);
      }
      let made = tail;
      for (const part of [...(constraint.kind === 'all' ? constraint.of : [constraint])].reverse()) {
        made = diagram.mask(setOf(part), made);
        const opaque = part.kind === 'not' ? part.of : part;
        if (opaque.kind !== 'opaque' || !opaque.hotdrop) continue;
        const text = `${opaque.text} (drops the packet itself)`;
        const full = matching.variable(`${text} @ ${setting.place.scope}`, text);
        made = diagram.choose(full, endings.decided(decisionOf(table, chain, rule, 'DROP'), changes.unchanged), made);
      }
      return made;
    };
    const plain = of((part) => matching.set(part, setting.place));
    if (rule.onFragment === constraint) return plain;
    const onLater = of((part) => setOnLaterFragment(part, setting.place, matching));
    return diagram.choose(matching.fieldSet('fragment', laterOnes), onLater, plain);
  }

  function called(table: Table, chain: Chain, rule: UnderstoodRule, setting: Setting, path: string): Node {
    const { effect } = rule;
    const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
    if (effect.kind !== 'jump' || target === undefined) throw new Error('a jump leads to a chain that is not there');
    const several = (entriesOf(table).get(target.name) ?? 0) > 1;
    const inner = through(
      table,
      target,
      setting,
      several && natureOf(table, target).stateful ? `${path} by ${scopeOf(table, chain, rule)}` : path,
    );
    if (!effect.goto) return inner;
    const back = decisionOf(table, chain, rule, 'ACCEPT');
    return diagram.mapLeaves(inner, (value) => {
      const ending = endings.of(value);
      return ending.kind === 'pass' ? endings.returned(back, ending.change) : ~value;
    });
  }

  function effectOf(table: Table, chain: Chain, rule: UnderstoodRule, setting: Setting): Node {
    if (rule.effect.kind === 'hops') shortening.set(setting.rule, decisionOf(table, chain, rule, 'DROP'));
    return effects.of(rule.effect, rule.target, (verdict) => decisionOf(table, chain, rule, verdict), setting);
  }

  function decisionOf(table: Table, chain: Chain, { rule }: UnderstoodRule, verdict: FinalVerdict): Decision {
    const before = decisions.get(rule);
    if (before?.verdict === verdict) return before;
    const by = { family: ruleset.family, table: table.name, chain: chain.name, rule: rule.number } as const;
    const made: Decision = { verdict, by, line: rule.line };
    decisions.set(rule, made);
    return made;
  }

  function matched(table: Table, chain: Chain, rule: UnderstoodRule, setting: Setting): Node {
    const { place } = settingOf(table, chain, rule, setting, '');
    const set = matching.set(rule.constraint, place);
    if (rule.onFragment === rule.constraint) return set;
    const onLater = setOnLaterFragment(rule.constraint, place, matching);
    return diagram.choose(matching.fieldSet('fragment', laterOnes), onLater, set);
  }

  function settingOf(table: Table, chain: Chain, rule: UnderstoodRule, setting: Setting, path: string): Setting {
    const name = `${table.name} ${chain.name} rule ${rule.rule.number}`;
    const scope = isLasting(rule) ? scopeOf(table, chain, rule) : name;
    return { ...setting, rule: name, place: { ...setting.place, scope: `${scope}${path}` } };
  }

  /** What names a rule's own answers, in this ruleset and in another that it is compared with. */
  function scopeOf(table: Table, chain: Chain, rule: UnderstoodRule): string {
    return nameOf?.(table.name, rule.rule) ?? `${table.name} ${chain.name} ${occurrences.nameOf(chain, rule)}`;
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
    let nature: Nature = { stateful: false, settled: true, leaf: true, steady: true };
    natures.set(chain, nature);
    for (const rule of rulesOf(ruleset, chain)) {
      const { effect } = rule;
      const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
      const inner = target === undefined ? null : natureOf(table, target);
      nature = {
        stateful: nature.stateful || inner?.stateful === true || asksAnew(rule),
        settled: nature.settled && inner?.settled !== false && !unsettled.has(effect.kind),
        leaf:
          nature.leaf &&
          (effect.kind === 'verdict' ||
            effect.kind === 'continue' ||
            effect.kind === 'log' ||
            (effect.kind === 'jump' && !effect.goto && inner?.leaf === true)),
        steady: nature.steady && inner?.steady !== false && !changing.has(effect.kind),
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
  /** Nothing in it changes packets or sends them back. */
  readonly leaf: boolean;
  /** Nothing in it changes packets that go on. */
  readonly steady: boolean;
}

const changing: ReadonlySet<string> = new Set(['write', 'copy', 'untrack', 'track', 'hops', 'service', 'alter']);

const unsettled: ReadonlySet<string> = new Set(['netmap', 'translate', 'hops']);

/** What opaque matches say of the packet behind it may be another thing. */
function rewrites({ effect }: UnderstoodRule): boolean {
  return effect.kind === 'alter' || effect.kind === 'service';
}

/** Something of the rule is named after it. */
function asksOwnName(rule: UnderstoodRule): boolean {
  const { kind } = rule.effect;
  return (kind !== 'verdict' && kind !== 'return') || rule.hotdrop || asksAnew(rule);
}

/** The rule has answers of its own that hold from visit to visit, as those of a limit. */
function isLasting(rule: UnderstoodRule): boolean {
  const { kind } = rule.effect;
  return rule.hotdrop || kind === 'translate' || kind === 'netmap' || asksAnew(rule);
}

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
