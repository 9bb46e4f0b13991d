import { livenessOf } from '../../src/analysis/answers/index.ts';
import { backendOf } from '../../src/analysis/evaluate/hooks.ts';
import { rulesOf } from '../../src/analysis/evaluate/rules.ts';
import { surroundingsOf } from '../../src/analysis/evaluate/surroundings.ts';
import { createEvaluator } from '../../src/analysis/index.ts';
import { all, none, OverBudget } from '../../src/analysis/space/index.ts';
import {
  type Answer,
  createAnswering,
  createSpace,
  type Firewall as Engine,
  type Space,
} from '../../src/analysis/symbolic/index.ts';
import { bitsOfPacket } from '../../src/analysis/symbolic/packet-bits.ts';
import { type Hook, type Packet, packetToJson, type RuleRef, type Trace } from '../../src/model/packet/index.ts';
import type { Ruleset } from '../../src/model/ruleset/index.ts';
import { seeded } from '../kernel/random.ts';
import { aimsOf } from './aims.ts';
import { makePacket } from './packets.ts';
import { type Firewall, madeFirewall, realFirewall, realRulesets } from './rulesets.ts';

/** What became of one seed: one firewall and packets through it. */
export interface Played {
  readonly packets: number;
  /** Rules of the firewall, and how many of them some packet met. */
  readonly rules: number;
  readonly met: number;
  /** Rules that are said to be dead, where that was asked; `null` where the answer goes over the budget. */
  readonly dead: number | null;
  /** Nodes that the engine made. */
  readonly nodes: number;
  /** How often the interpreter said what, by verdict. */
  readonly verdicts: ReadonlyMap<string, number>;
  /** Packets that do not say all: their answers were compared as sets. */
  readonly unsaid: number;
  /** The interpreter gave up where a packet may end in more ways than it follows. */
  readonly gaveUp: number;
  /**
   * Translations that leave a choice: one verdict with each, but by another rule; or a NETMAP of so many addresses that the
   * engine takes any of its network.
   */
  readonly chosen: number;
  /** One report for each disagreement. */
  readonly wrong: readonly string[];
}

/** Seeds from 1 on are the real rulesets in their order; those behind them make rules by chance. */
export function firewallOfSeed(seed: number): Firewall {
  const random = seeded(seed);
  const path = realRulesets[seed - 1];
  return path === undefined ? madeFirewall(seed, random) : realFirewall(path, random);
}

/**
 * The engine against the interpreter. A seed always makes the same rules, and the same packets in the same order.
 *
 * @param asksDead also that no packet meets a rule that is said to be dead
 */
export function play(seed: number, packets: number, asksDead = false): Played {
  const firewall = firewallOfSeed(seed);
  const random = seeded(seed ^ 0x5eed_0000);
  const aims = aimsOf(firewall);
  const evaluator = createEvaluator(firewall.host);
  const space = createSpace(firewall.family, [{ ruleset: firewall.ruleset, surroundings: surroundingsOf(firewall.host) }]);
  const [engine] = space.firewalls;
  if (engine === undefined) throw new Error('a space of one firewall has none');
  const answers = new Map<Hook, (packet: Packet) => Answer>();
  try {
    for (const hook of ['input', 'forward', 'output'] as const) {
      const way = engine.way(hook);
      // Made when first asked for: packets must not be what goes over the budget.
      void way.verdicts;
      answers.set(hook, createAnswering(space, way));
    }
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error;
    // The interpreter decides what the engine cannot: as wrong as a wrong answer here.
    const nothing = { verdicts: new Map<string, number>(), met: 0, dead: 0, unsaid: 0, gaveUp: 0, chosen: 0 };
    return { ...nothing, packets, rules: aims.rules, nodes: space.diagram.size, wrong: [`${firewall.name}: ${error.message}`] };
  }
  const vague = vagueRules(firewall, space);
  const dead = asksDead ? deadRules(space, engine) : null;
  // What stands where ports would be is one value to the engine, and a question for each rule to the interpreter.
  const readsFragments = backendOf(firewall.ruleset) === 'nft';
  const verdicts = new Map<string, number>();
  const met = new Set<string>();
  const wrong: string[] = [];
  let [unsaid, gaveUp, chosen] = [0, 0, 0];
  for (let left = packets; left > 0; left -= 1) {
    const packet = makePacket(random, aims);
    const trace = evaluator.trace(packet);
    const answer = answers.get(packet.hook)?.(packet);
    if (trace === null || answer === undefined) throw new Error('no answer');
    verdicts.set(trace.verdict, (verdicts.get(trace.verdict) ?? 0) + 1);
    for (const step of trace.path) {
      met.add(named(step));
      if (
        dead?.has(named(step)) &&
        !step.maybe &&
        packet.mac !== null &&
        saysAll(packet) &&
        !isHeld(packet) &&
        isPossible(space, engine, packet)
      )
        wrong.push(report(firewall, packet, trace, `${named(step)} is met, and said to be dead`));
    }
    const open = packet.mac === null || isBareError(packet) || (packet.fragment && readsFragments);
    if (open) unsaid += 1;
    if (isTooMany(trace)) gaveUp += 1;
    if (!open && !saysAll(packet)) unsaid += 1;
    let difference = isTooMany(trace) ? null : open ? contradiction(trace, answer) : disagreement(trace, answer);
    if (difference !== null && answer.verdict === trace.verdict && leavesChoice(trace)) {
      // Of several values that the kernel may choose either side takes another for what is told first.
      const by = named(trace.decidedBy);
      if (decisionsOf(space, engine.way(packet.hook).verdicts, packet).has(by)) {
        difference = null;
        chosen += 1;
      }
    }
    if (difference !== null && mayMeet(vague, trace) && covers(answer, trace)) {
      difference = null;
      chosen += 1;
    }
    if (difference !== null) wrong.push(report(firewall, packet, trace, difference));
  }
  for (const name of [...met]) if (name.endsWith('policy')) met.delete(name);
  return {
    packets,
    rules: aims.rules,
    met: met.size,
    dead: asksDead ? (dead?.size ?? null) : 0,
    nodes: space.diagram.size,
    verdicts,
    unsaid,
    gaveUp,
    chosen,
    wrong,
  };
}

/** Rules that no packet meets; `null` where that goes over the budget, of which some is left for what packets ask. */
function deadRules(space: Space, engine: Engine): ReadonlySet<string> | null {
  try {
    const { dead } = space.diagram.within(0.75, () => livenessOf(space, engine));
    return new Set(dead.map(({ table, chain, rule }) => `${table.name} ${chain.name} ${rule.rule.number}`));
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error;
    return null;
  }
}

/** Whether such a packet can be: dead rules are dead to those. */
export function isPossible({ diagram, layout }: Space, engine: Engine, packet: Packet): boolean {
  const bits = new Uint8Array(layout.firstVariable + layout.variables.length);
  bitsOfPacket(packet, layout, bits);
  let node = engine.possible(packet.hook);
  while (node >= 0) node = bits[diagram.level(node)] === 1 ? diagram.hi(node) : diagram.lo(node);
  return node === all;
}

function saysAll({ hook, tos, pktType, uid, gid }: Packet): boolean {
  return tos !== undefined && (hook === 'output' ? uid !== undefined && gid !== undefined : pktType !== undefined);
}

/** IPv4 puts fragments together before INPUT. The interpreter takes one as such all the way, as it was asked, and says so. */
export function isHeld({ fragment, family, hook }: Packet): boolean {
  return fragment && family === 4 && hook === 'input';
}

/** What the two say differently; `null` when they agree. */
function disagreement(trace: Trace, { verdict, decision, verdicts, told }: Answer): string | null {
  if (trace.verdict === 'UNDECIDED' || verdict === 'UNDECIDED' || trace.verdict === 'DEPENDS') {
    const [wanted, got] = [shown(outcomesOf(trace)), shown(verdicts)];
    const same = trace.verdict === verdict && (trace.verdict === 'UNDECIDED' || wanted === got);
    // That a rule may rewrite the packet is enough for the interpreter; the engine knows for which values of a field it does.
    const vague = trace.path.some(({ maybe, effect }) => maybe && rewriting.has(effect));
    if (vague && verdict !== 'UNDECIDED' && [...verdicts].every((one) => outcomesOf(trace).has(one))) return null;
    return same ? null : `interpreter ${trace.verdict} ${wanted}, engine ${verdict} ${got}`;
  }
  // Of rules that decide alike either side names one that some value of an unsaid field leads to.
  if (!told && trace.verdict === verdict) return null;
  const [wanted, got] = [`${trace.verdict} by ${named(trace.decidedBy)}`, `${verdict} by ${named(decision?.by ?? null)}`];
  return wanted === got ? null : `interpreter ${wanted}, engine ${got} (${shown(verdicts)})`;
}

const rewriting: ReadonlySet<string> = new Set(['tos', 'ecn', 'mss', 'tcp-options']);

/**
 * The interpreter asks each match for itself what the packet leaves unsaid, and so may think answers possible that
 * contradict each other; the engine gives one value to the field. It must say nothing that the interpreter excludes.
 */
function contradiction(trace: Trace, answer: Answer): string | null {
  if (trace.verdict === 'UNDECIDED' || answer.verdict === 'UNDECIDED') return null;
  const wanted = outcomesOf(trace);
  const agrees = [...answer.verdicts].every((verdict) => wanted.has(verdict));
  return agrees ? null : `interpreter ${shown(wanted)}, engine ${shown(answer.verdicts)}`;
}

/** Some rule of the path gives the packet one of several addresses, ports or lengths. */
function leavesChoice({ path }: Trace): boolean {
  return path.some(({ effect }) => effect === 'dnat' || effect === 'snat' || effect === 'mss');
}

/**
 * NETMAP rules that let more addresses through than the engine follows one by one: it takes any of the new network for each
 * (symbolic/netmap.ts).
 */
export function vagueRules({ ruleset }: { readonly ruleset: Ruleset }, { layout }: Space): ReadonlySet<string> {
  const found = new Set<string>();
  for (const table of ruleset.tables) {
    for (const chain of table.chains.values()) {
      for (const { effect, rule } of rulesOf(ruleset, chain)) {
        if (effect.kind !== 'netmap') continue;
        const ends = endsAt[chain.name] ?? (['src', 'dst'] as const);
        if (!ends.every((end) => layout.netmapped(end, effect.value, effect.mask).whole))
          found.add(`${table.name} ${chain.name} ${rule.number}`);
      }
    }
  }
  return found;
}

/** A path is that of one set of answers: with others the packet may meet rules that are not on it. */
function mayMeet(rules: ReadonlySet<string>, { verdict, path }: Trace): boolean {
  if (path.some((step) => rules.has(named(step)))) return true;
  // TPROXY asks whether a socket takes the packet, also where the verdict is the same whatever the answer.
  return rules.size > 0 && (verdict === 'DEPENDS' || path.some((step) => step.maybe || step.effect === 'tproxy'));
}

/** What nat changes in built-in chains. */
const endsAt: Readonly<Record<string, readonly ('src' | 'dst')[]>> = {
  PREROUTING: ['dst'],
  OUTPUT: ['dst'],
  INPUT: ['src'],
  POSTROUTING: ['src'],
};

/** What the interpreter knows for sure the engine thinks possible. */
function covers({ verdict, verdicts }: Answer, trace: Trace): boolean {
  if (verdict === 'UNDECIDED') return true;
  return trace.verdict !== 'UNDECIDED' && [...outcomesOf(trace)].every((one) => (verdicts as ReadonlySet<string>).has(one));
}

/** Every rule that may decide, whatever the answers to what the packet does not say. */
function decisionsOf({ diagram, layout, endings }: Space, from: number, packet: Packet): ReadonlySet<string> {
  const bits = new Uint8Array(layout.firstVariable + layout.variables.length);
  bitsOfPacket(packet, layout, bits);
  const found = new Set<string>();
  const seen = new Set<number>();
  const visit = (node: number): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node < 0) {
      const ending = node === none ? null : endings.of(~node);
      found.add(named(ending?.kind === 'decided' ? ending.decision.by : null));
      return;
    }
    const bit = bits[diagram.level(node)];
    if (bit !== 1) visit(diagram.lo(node));
    if (bit !== 0) visit(diagram.hi(node));
  };
  visit(from);
  return found;
}

function outcomesOf({ verdict, outcomes }: Trace): ReadonlySet<string> {
  return verdict === 'DEPENDS' ? new Set(outcomes.map((one) => one.verdict)) : new Set([verdict]);
}

function isTooMany({ verdict, assumed }: Trace): boolean {
  return verdict === 'UNDECIDED' && assumed.some((sentence) => /more than [\d,]+ (ways|rules)/.test(sentence));
}

/** An ICMP error that does not say to which connection it belongs. */
function isBareError({ family, proto, state }: Packet): boolean {
  return state === 'RELATED' && proto === (family === 4 ? 1 : 58);
}

function shown(verdicts: ReadonlySet<string>): string {
  return [...verdicts].sort().join('|');
}

function named(ref: RuleRef | null): string {
  return ref === null ? 'nobody' : `${ref.table} ${ref.chain} ${ref.rule}`;
}

function report({ name, text }: Firewall, packet: Packet, trace: Trace, difference: string): string {
  const path = trace.path.map((step) => `${named(step)} ${step.effect}${step.maybe ? '?' : ''}`);
  return [
    `${name}: ${difference}`,
    JSON.stringify(packetToJson(packet)),
    `path: ${path.join(', ')}`,
    `hangs on: ${trace.dependsOn.join('; ')}`,
    ...(trace.assumed.length > 0 ? [`assumed: ${trace.assumed.join('; ')}`] : []),
    // Real rulesets are long, and in a file.
    ...(realRulesets.some((path) => name.startsWith(path)) ? [] : [text]),
  ].join('\n');
}
