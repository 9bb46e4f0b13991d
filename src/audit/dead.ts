import type { Blocker, DeadRule, Shadow } from '../analysis/answers/index.ts';
import type { Sending } from '../analysis/answers/shadows-standing.ts';
import { none } from '../analysis/space/index.ts';
import type { Known } from '../model/host/index.ts';
import type { Family } from '../model/net/index.ts';
import { always, type RuleRef } from '../model/packet/index.ts';
import { meaningsOf, type Rule } from '../model/ruleset/index.ts';
import { allowing, denying } from './blame.ts';
import { isSetTarget } from './changes.ts';
import type { Subject } from './check.ts';
import type { Engine } from './engine.ts';
import type { Located } from './finding.ts';
import { canonical, readsOf } from './meaning.ts';
import { templateOf } from './owners.ts';
import { endingIn, type HookPackets, openings } from './packet-sets.ts';
import { effectText, repetitionsIn } from './repetition.ts';

/**
 * What it means that earlier rules leave nothing for a rule. `opposite`: packets that begin a connection end as the rule would
 * not have it. `design`: so they do, and the rule is what stands at the end for what nobody thought of, behind a chain that
 * thought of all. `other`: the rule would do something else, or do it to strays only. `same`: nothing is lost.
 */
export type Loss = 'opposite' | 'design' | 'other' | 'same';

/** A rule that no packet meets, and why. */
export type Dead =
  | {
      readonly kind: 'covered';
      readonly rule: DeadRule;
      readonly at: Located;
      readonly loss: Loss;
      readonly blockers: readonly Blocker[];
      /** Packets that it matches and that the blockers decide about; of a loss those that show it. */
      readonly packets: readonly HookPackets[];
    }
  | {
      readonly kind: 'elsewhere';
      readonly rule: DeadRule;
      readonly at: Located;
      readonly callers: readonly RuleRef[];
      readonly decidedBy: readonly RuleRef[];
    }
  | { readonly kind: 'uncalled' | 'impossible'; readonly rule: DeadRule; readonly at: Located };

export interface DeadRules {
  readonly explained: readonly Dead[];
  /** Rules that no packet meets either, but why was not asked: there are too many. */
  readonly left: readonly DeadRule[];
}

/** To explain one costs about as much as to follow all packets through a chain. */
const explainedMost = 64;

const kept = new WeakMap<Subject, Map<Family, Known<DeadRules>>>();

/** The rules of a family that no packet meets, explained once for all checks; those that repeat others word for word are left out. */
export function deadRules(subject: Subject, family: Family): Known<DeadRules> {
  const ofSubject = kept.get(subject) ?? new Map<Family, Known<DeadRules>>();
  kept.set(subject, ofSubject);
  const found = ofSubject.get(family) ?? subject.ask(family, (engine) => explain(subject, engine));
  ofSubject.set(family, found);
  return found;
}

function explain(subject: Subject, engine: Engine): DeadRules {
  const { ruleset } = engine.firewall;
  const repeated = new Set<Rule>(repetitionsIn(ruleset).flatMap(({ rule, earlier }) => (earlier.ends ? [rule] : [])));
  // What packets add to a set on their way a later rule finds there; the engine takes sets as they were read.
  const fills = [...meaningsOf(ruleset).values()].some(isSetTarget);
  const liveness = engine.liveness();
  const explained: Dead[] = [];
  const left: DeadRule[] = [];
  let asked = 0;
  for (const dead of liveness.dead) {
    if (repeated.has(dead.rule.rule)) continue;
    if (fills && readsOf(dead.rule.constraint).sets) continue;
    const isCalled = liveness.visits(dead.table.name, dead.chain.name).length > 0;
    if (isCalled && asked >= explainedMost) {
      left.push(dead);
      continue;
    }
    if (isCalled) asked += 1;
    const one = said(subject, engine, dead, engine.shadows().why(dead));
    if (!(fills && hangsOnSets(engine, one))) explained.push(one);
  }
  return { explained, left };
}

function hangsOnSets({ firewall }: Engine, dead: Dead): boolean {
  if (dead.kind !== 'covered') return false;
  return dead.blockers.some(({ rule }) => {
    const meaning = meaningAt(firewall.ruleset, rule);
    return meaning === undefined || meaning.effect.kind === 'jump' || readsOf(meaning.constraint).sets;
  });
}

function said(subject: Subject, engine: Engine, rule: DeadRule, shadow: Shadow): Dead {
  const at = locatedDead(engine, rule);
  switch (shadow.kind) {
    case 'covered': {
      const lost = lossOf(subject, engine, rule, shadow);
      return { kind: 'covered', rule, at, blockers: shadow.blockers, ...lost };
    }
    case 'elsewhere':
      return { kind: 'elsewhere', rule, at, callers: shadow.callers, decidedBy: shadow.decidedBy };
    default:
      return { kind: shadow.kind, rule, at };
  }
}

export function locatedDead({ firewall }: Engine, { table, chain, rule }: DeadRule): Located {
  const { number, line } = rule.rule;
  return { family: firewall.ruleset.family, table: table.name, chain: chain.name, rule: number, line };
}

function lossOf(
  subject: Subject,
  engine: Engine,
  dead: DeadRule,
  shadow: Extract<Shadow, { kind: 'covered' }>,
): { readonly loss: Loss; readonly packets: readonly HookPackets[] } {
  const { blockers, would, packets } = shadow;
  const differing = blockers.flatMap(({ otherwise }) => otherwise);
  const against = oppositeOf(would);
  if (against !== null && differing.length > 0) {
    const opposed = differing.flatMap(({ hook, packets: some }) => {
      const { diagram } = engine.space;
      const set = endingIn(engine, hook, diagram.mask(some, openings(subject, engine, hook)), against);
      return set === none ? [] : [{ hook, packets: set }];
    });
    if (opposed.length > 0) return { loss: isLastResort(engine, dead, blockers) ? 'design' : 'opposite', packets: opposed };
  }
  if (differing.length > 0) return { loss: 'other', packets: differing };
  return { loss: isSame(engine, dead, blockers) ? 'same' : 'other', packets };
}

/** What the final verdict must not be if the rule is to have its way; `null` where it has no one way. */
function oppositeOf(would: readonly Sending[]): typeof allowing | null {
  const all = (verdicts: readonly string[]): boolean => would.length > 0 && would.every((sending) => verdicts.includes(sending));
  return all(denying) ? allowing : all(allowing) ? denying : null;
}

/** A rule for all packets, behind a jump to a chain that decides about all of them. */
function isLastResort({ firewall }: Engine, { rule }: DeadRule, blockers: readonly Blocker[]): boolean {
  const forAll = canonical(rule.constraint) === canonical(always);
  return forAll && blockers.every(({ rule: ref }) => meaningAt(firewall.ruleset, ref)?.effect.kind === 'jump');
}

/** Nothing that the rule would do is left undone: it gives a verdict that they give, or translates as they do. */
function isSame({ firewall }: Engine, { rule }: DeadRule, blockers: readonly Blocker[]): boolean {
  const { kind } = rule.effect;
  if (kind === 'verdict' || kind === 'return') return true;
  if (kind === 'jump') return blockers.every(({ does }) => does.length === 1);
  const own = effectText(rule.effect);
  return blockers.every(({ rule: ref }) => {
    const meaning = meaningAt(firewall.ruleset, ref);
    return meaning !== undefined && effectText(meaning.effect) === own;
  });
}

function meaningAt(ruleset: Engine['firewall']['ruleset'], { table, chain, rule }: RuleRef) {
  const found = ruleset.tables.find(({ name }) => name === table)?.chains.get(chain)?.rules[Number(rule) - 1];
  return found === undefined ? undefined : meaningsOf(ruleset).get(found);
}

/** Rules that a program writes whether they are needed or not. */
export function isByTemplate({ at }: Dead): boolean {
  return templateOf(at.chain) !== null;
}

export function placeOfBlocker({ rule, line }: Blocker): Located {
  return { ...rule, line };
}
