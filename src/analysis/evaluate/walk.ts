import type { Constraint, Effect, FinalVerdict, Packet, RuleRef, Step } from '../../model/packet/index.ts';
import type { Chain, Ruleset, Table } from '../../model/ruleset/index.ts';
import { type BuiltinChain, backendOf, hookTables } from './hooks.ts';
import { beginPassage, enterStation, meetsNat } from './passage.ts';
import { alter, masked, rewrite } from './rewrite.ts';
import { rulesOf, type UnderstoodRule } from './rules.ts';
import { cannotTake } from './sockets.ts';
import { effectWord } from './step.ts';
import type { Surroundings } from './surroundings.ts';
import { applyTranslation, mayStay, netmapped, otherWay } from './translation.ts';
import { dropsItself, type Question, type Scene, truth } from './truth.ts';

/** A question that was asked, in the order of asking. */
export interface Asked {
  readonly question: Question;
  readonly answer: boolean;
  readonly by: RuleRef;
  readonly line: number;
}

/** One way through the host, under one set of answers. */
export interface Walk {
  readonly verdict: FinalVerdict;
  readonly decidedBy: RuleRef | null;
  readonly line: number | null;
  readonly path: readonly Step[];
  readonly asked: readonly Asked[];
  readonly assumed: readonly string[];
  /** Why the walk was broken off, as a sentence; `null` when it was not. */
  readonly broken: string | null;
}

/** A rule that logs the packet. */
export interface Logged {
  readonly by: RuleRef;
  readonly line: number;
  readonly prefix: string;
  /** The built-in chain on whose way it stands. */
  readonly chain: BuiltinChain;
  /** A match that cannot be decided stands in it, such as a limit. */
  readonly maybe: boolean;
}

/** What ended a chain: a verdict and the rule or policy that gave it, or `null` for a return to the caller. */
type End = Decision | null;

interface Decision {
  readonly verdict: FinalVerdict;
  readonly by: RuleRef;
  readonly line: number | null;
}

/** Far above what a packet meets in rules that the kernel takes; reached only by texts made to be long. */
const mostRules = 10_000_000;
const deepest = 1000;

/**
 * Takes the packet through all tables of its way. Questions are answered by `script` in the order of asking, and by no
 * when it has ended; so the caller can try every combination that matters, and only those.
 *
 * @param onLog is told of each rule that logs the packet, or may
 */
export function walk(
  packet: Packet,
  ruleset: Ruleset,
  surroundings: Surroundings,
  script: readonly boolean[],
  onLog?: (log: Logged) => void,
): Walk {
  const stations = hookTables[backendOf(ruleset)][packet.hook];
  const [first] = stations;
  if (first === undefined) throw new Error(`no way begins at ${packet.hook}`);
  const loopback = packet.hook !== 'output' && packet.in !== null && isLoopbackLink(packet.in, surroundings);
  const passage = beginPassage(packet, loopback, first);
  const answers = new Map<string, boolean>();
  const visits = new Map<UnderstoodRule, number>();
  const path: Step[] = [];
  const asked: Asked[] = [];
  const assumed = new Set<string>();
  const within = new Set<string>();
  const note = (sentence: string): void => {
    assumed.add(sentence);
  };
  /** What can be said of the packet without asking anything. */
  const unasked: Scene = { passage, surroundings, visit: () => '', answers: none, note };
  let looked = 0;
  let broken: string | null = null;
  let accepted: Decision | null = null;
  /** The rule that last wrote the TTL before routing looks at it. */
  let shortened: Decision | null = null;

  for (const station of stations) {
    const isRouted = station.chain === 'FORWARD' && passage.station.chain === 'PREROUTING';
    enterStation(passage, station);
    // ip_forward answers with "time exceeded" instead.
    if (isRouted && passage.ttl === 0 && shortened !== null) return finish(shortened);
    const table = ruleset.tables.find((candidate) => candidate.name === station.table);
    const chain = table?.chains.get(station.chain);
    if (table === undefined || chain === undefined) continue;
    if (station.table === 'nat' && !meetsNat(passage)) continue;
    const end = builtin(table, chain);
    if (end.verdict !== 'ACCEPT' || broken !== null) return finish(end);
    accepted = leading(accepted, end);
  }
  return finish(accepted);

  function finish(decision: Decision | null): Walk {
    return {
      verdict: decision?.verdict ?? 'ACCEPT',
      decidedBy: decision?.by ?? null,
      line: decision?.line ?? null,
      path,
      asked,
      assumed: [...assumed],
      broken,
    };
  }

  /** A built-in chain's end, or a return from it, is its policy. */
  function builtin(table: Table, chain: Chain): Decision {
    const end = follow(table, chain);
    if (end !== null) return end;
    if (chain.policy === null) assumed.add(`the policy of ${table.name} ${chain.name} is not said; taken as ACCEPT`);
    const verdict = chain.policy ?? 'ACCEPT';
    const by: RuleRef = { family: ruleset.family, table: table.name, chain: chain.name, rule: 'policy' };
    path.push({ ...by, line: chain.line, effect: verdict, maybe: false });
    return { verdict, by, line: chain.line };
  }

  /** Goes through a chain; `within` holds the chains that lead to it. */
  function follow(table: Table, chain: Chain): End {
    within.add(chain.name);
    const end = rulesInTurn(table, chain);
    within.delete(chain.name);
    return end;
  }

  function rulesInTurn(table: Table, chain: Chain): End {
    for (const understood of rulesOf(ruleset, chain)) {
      const { rule, effect } = understood;
      looked += 1;
      // Most rules say no of themselves, so this comes before anything is made of them.
      const constraint = packet.fragment ? understood.onFragment : understood.constraint;
      if (!understood.hotdrop && truth(constraint, unasked) === false && looked <= mostRules) continue;
      const by: RuleRef = { family: ruleset.family, table: table.name, chain: chain.name, rule: rule.number };
      const decision = (verdict: FinalVerdict): Decision => ({ verdict, by, line: rule.line });
      if (looked > mostRules) return giveUp(decision, `the packet meets more than ${mostRules.toLocaleString('en')} rules`);
      const match = matches(understood, constraint, by);
      if (match.holds === 'drop') return decision('DROP');
      if (match.holds !== false || match.open)
        path.push({ ...by, line: rule.line, effect: effectWord(effect, passage.station), maybe: match.open });
      if ((effect.kind === 'alter' || (effect.kind === 'service' && !understood.deciding)) && match.holds !== false)
        alter(effect, passage, named(by));
      if (effect.kind === 'log' && match.holds !== false)
        onLog?.({ by, line: rule.line, prefix: effect.prefix, chain: passage.station.chain, maybe: match.open });
      if (match.holds === false || !understood.deciding) continue;
      switch (effect.kind) {
        case 'verdict':
          return decision(effect.verdict);
        case 'return':
          return null;
        case 'alter':
          break;
        case 'jump': {
          const target = table.chains.get(effect.chain);
          if (target === undefined) throw new Error(`${named(by)} leads to ${effect.chain}, which is not there`);
          if (within.has(target.name)) {
            return giveUp(decision, `${named(by)} leads back to ${target.name} in a circle, which the kernel refuses`);
          }
          if (within.size > deepest) return giveUp(decision, `chains call each other more than ${deepest} deep`);
          const end = follow(table, target);
          // A chain that was gone to returns to the caller of this one.
          if (end !== null || effect.goto) return end;
          break;
        }
        case 'translate':
          return translated(effect, decision, by, rule.line);
        case 'netmap':
          return translated(netmapped(effect, passage), decision, by, rule.line);
        case 'deliver': {
          const taken = `a transparent socket takes what ${named(by)} hands over`;
          if (cannotTake(effect, passage, surroundings) || !put({ key: taken, text: taken }, by, rule.line))
            return decision('DROP');
          passage.mark = masked(passage.mark, effect.mask, effect.value);
          if (packet.hook === 'forward')
            note(`${named(by)} hands the packet to a program here; taken to be routed on all the same`);
          return decision('ACCEPT');
        }
        case 'hops':
          rewrite(effect, passage);
          if (passage.station.chain === 'PREROUTING') shortened = decision('DROP');
          break;
        case 'unknown': {
          const { target } = understood;
          const ends: Question = { key: `${target} @ ${scope(understood, by)}`, text: target };
          if (put(ends, by, rule.line)) {
            const accepts = `${target} (accepts the packet)`;
            return decision(
              put({ key: `${accepts} @ ${scope(understood, by)}`, text: accepts }, by, rule.line) ? 'ACCEPT' : 'DROP',
            );
          }
          assumed.add(`${target} changes nothing that a later rule looks at`);
          break;
        }
        default:
          rewrite(effect, passage);
      }
    }
    return null;
  }

  function translated(
    effect: Extract<Effect, { kind: 'translate' }>,
    decision: (verdict: FinalVerdict) => Decision,
    by: RuleRef,
    line: number,
  ): Decision {
    if (mayStay(effect, passage, surroundings)) {
      const stays = `${named(by)} chooses the ${effect.end === 'dst' ? 'destination' : 'source'} that the packet has`;
      if (put({ key: stays, text: stays }, by, line)) return decision('ACCEPT');
    }
    const sentences = applyTranslation(effect, passage, surroundings, named(by));
    if (sentences === null) return decision('DROP');
    for (const sentence of sentences) assumed.add(sentence);
    const astray = effect.end === 'dst' ? otherWay(effect, passage, surroundings, named(by)) : null;
    return astray === null ? decision('ACCEPT') : giveUp(decision, astray);
  }

  /** Names this visit to the rule: a packet may meet it again. */
  function scope(understood: UnderstoodRule, by: RuleRef): string {
    const visit = visits.get(understood) ?? 1;
    return visit === 1 ? named(by) : `${named(by)}, visit ${visit}`;
  }

  function giveUp(decision: (verdict: FinalVerdict) => Decision, why: string): Decision {
    broken = why;
    return decision('DROP');
  }

  /** Whether the rule matches, asking what must be asked; `open` if it hangs on a question at all. */
  function matches(understood: UnderstoodRule, constraint: Constraint, by: RuleRef): { holds: boolean | 'drop'; open: boolean } {
    const { line } = understood.rule;
    visits.set(understood, (visits.get(understood) ?? 0) + 1);
    if (!understood.hotdrop && truth(constraint, unasked) === true) return { holds: true, open: false };
    const scene: Scene = { ...unasked, visit: () => scope(understood, by), answers };
    if (understood.hotdrop) {
      const before = asked.length;
      const holds = inOrder(constraint, scene, by, line);
      return { holds, open: asked.length > before };
    }
    if (!understood.deciding) return { holds: truth(constraint, scene) !== false, open: true };
    for (;;) {
      const answer = truth(constraint, scene);
      if (typeof answer === 'boolean') return { holds: answer, open: true };
      put(answer, by, line);
    }
  }

  /** Matches one after the other, since one that may drop the packet does so only if those before it hold. */
  function inOrder(constraint: Constraint, scene: Scene, by: RuleRef, line: number): boolean | 'drop' {
    const parts = constraint.kind === 'all' ? constraint.of : [constraint];
    for (const part of parts) {
      const opaque = part.kind === 'not' ? part.of : part;
      if (opaque.kind === 'opaque' && opaque.hotdrop) {
        const full = dropsItself(opaque, scene);
        if (typeof full === 'boolean' ? full : put(full, by, line)) return 'drop';
      }
      for (;;) {
        const answer = truth(part, scene);
        if (answer === false) return false;
        if (answer === true) break;
        put(answer, by, line);
      }
    }
    return true;
  }

  function put(question: Question, by: RuleRef, line: number): boolean {
    const answer = script[asked.length] ?? false;
    asked.push({ question, answer, by, line });
    answers.set(question.key, answer);
    question.learn?.(answer);
    return answer;
  }
}

const none: ReadonlyMap<string, boolean> = new Map();

/**
 * Whose word an accepted packet's answer is: filter's, where the question is whether it may pass; without a filter
 * table the last rule that accepted, and the last policy if none did.
 */
function leading(before: Decision | null, now: Decision): Decision {
  if (before === null || now.by.table === 'filter') return now;
  if (before.by.table === 'filter') return before;
  return now.by.rule === 'policy' && before.by.rule !== 'policy' ? before : now;
}

export function named(ref: RuleRef): string {
  return `${ref.table} ${ref.chain} rule ${ref.rule}`;
}

function isLoopbackLink(name: string, surroundings: Surroundings): boolean {
  const link = surroundings.links?.find((candidate) => candidate.name === name);
  return link?.loopback ?? name === 'lo';
}
