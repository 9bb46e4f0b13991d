import { type Witness as Shown, witnessOf } from '../analysis/answers/index.ts';
import { withoutMatches } from '../analysis/answers/open-matches.ts';
import { openingTypes } from '../analysis/answers/routing.ts';
import { oddAddresses } from '../analysis/answers/usual-values.ts';
import { all, complement, type Node } from '../analysis/space/index.ts';
import { type Ranges, TCP } from '../model/net/index.ts';
import {
  type Constraint,
  type FinalVerdict,
  type Hook,
  type RuleRef,
  type State,
  states,
  tcpFlags,
} from '../model/packet/index.ts';
import type { Subject } from './check.ts';
import type { Engine } from './engine.ts';
import type { Witness } from './finding.ts';
import { icmpOf } from './probes.ts';
import { loopbackOf } from './surroundings.ts';

/** Sets of packets of one way, as they arrive at the host. */
export interface HookPackets {
  readonly hook: Hook;
  readonly packets: Node;
}

/** Packets in one of the states. */
export function inState({ firewall, space }: Engine, ...wanted: readonly State[]): Node {
  const codes = wanted.map((state) => states.indexOf(state)).map((code) => [code, code] as const);
  return firewall.matching.fieldSet('state', space.layout.numberCodes('state', codes));
}

/** Packets that the constraint holds for as they arrive. */
export function meeting({ firewall }: Engine, constraint: Constraint): Node {
  return firewall.matching.set(constraint, { tracked: true, scope: '' });
}

/** Packets that go over a link, not within the host. */
export function overLinks({ host }: Subject, { firewall, space }: Engine, hook: Hook): Node {
  const { layout } = space;
  const field = hook === 'output' ? 'out' : 'in';
  const code = layout.interfaces.codeOf(loopbackOf(host));
  // Where no rule names the loopback, nothing tells its packets from those of other links.
  if (layout.interfaces.isOther(code)) return all;
  return firewall.matching.fieldSet(field, complement(Int32Array.of(code, code), layout.axis(field).size));
}

const kept = new WeakMap<Engine, Map<Hook, Node>>();

/**
 * First packets of connections over a link: NEW, of TCP with the flags of a SYN, of ICMP a question, from an address that somebody can have. What
 * strays (an answer without a question, a scan, a source that routing refuses) is none; many rules are there for strays alone.
 */
export function openings(subject: Subject, engine: Engine, hook: Hook): Node {
  const ofEngine = kept.get(engine) ?? new Map<Hook, Node>();
  kept.set(engine, ofEngine);
  const found = ofEngine.get(hook) ?? openingsOn(subject, engine, hook);
  ofEngine.set(hook, found);
  return found;
}

function openingsOn(subject: Subject, engine: Engine, hook: Hook): Node {
  const { firewall, space } = engine;
  const { diagram, layout } = space;
  const fresh = diagram.mask(diagram.mask(firewall.possible(hook), inState(engine, 'NEW')), overLinks(subject, engine, hook));
  const sent = diagram.mask(fresh, firewall.matching.fieldSet('src', ordinarySources(engine)));
  const whole = diagram.mask(sent, firewall.matching.fieldSet('fragment', layout.numberCodes('fragment', [[0, 0]])));
  const icmp = meeting(engine, { kind: 'number', field: 'proto', ranges: [[icmpOf(space.family), icmpOf(space.family)]] });
  const questions = codesWithin('icmpType', openingTypes[space.family]);
  const asking = diagram.mask(whole, diagram.choose(icmp, firewall.matching.fieldSet('icmpType', questions), all));
  if (layout.axis('flags').size === 1) return asking;
  const { FIN, SYN, RST, ACK, PSH, URG } = tcpFlags;
  const syn = meeting(engine, { kind: 'bits', field: 'flags', mask: FIN | SYN | RST | ACK | PSH | URG, value: SYN });
  const tcp = meeting(engine, { kind: 'number', field: 'proto', ranges: [[TCP, TCP]] });
  return diagram.mask(asking, diagram.choose(tcp, syn, all));

  /** Types that no rule tells from others stand for the likeliest of them. */
  function codesWithin(field: 'icmpType', wanted: Ranges<number>): Int32Array {
    const codes: number[] = [];
    for (let code = 0; code < layout.axis(field).size; code += 1) {
      const values = layout.numbersOf(field, code);
      if (values !== null && wanted.some(([lo, hi]) => lo <= values[1] && values[0] <= hi)) codes.push(code, code);
    }
    return Int32Array.from(codes);
  }
}

/** Codes of sources but those of addresses that no packet from elsewhere bears: the loopback's, multicast, none. */
function ordinarySources({ space }: Engine): Int32Array {
  const { layout, family } = space;
  const odd = oddAddresses(family, { addresses: null });
  const codes: number[] = [];
  for (let code = 0; code < layout.axis('src').size; code += 1) {
    const [first, last] = layout.addressesOf('src', code);
    if (odd.some(([lo, hi]) => lo <= first && last <= hi)) continue;
    if (codes.at(-1) === code - 1) codes[codes.length - 1] = code;
    else codes.push(code, code);
  }
  return Int32Array.from(codes);
}

interface Endings {
  /** Verdicts that some packet ends in. */
  readonly occurring: ReadonlySet<FinalVerdict>;
  readonly sets: Map<string, Node>;
}

const keptEndings = new WeakMap<Engine, Map<Hook, Endings>>();

/** Packets that end in one of the verdicts, the whole way through the host; where no table stands in the way they are accepted. */
export function endingAs(engine: Engine, hook: Hook, verdicts: readonly FinalVerdict[]): Node {
  const ofEngine = keptEndings.get(engine) ?? new Map<Hook, Endings>();
  keptEndings.set(engine, ofEngine);
  const { diagram, endings } = engine.space;
  const way = engine.firewall.way(hook).verdicts;
  const verdictOf = (value: number): FinalVerdict | null => {
    const ending = value === 0 ? null : endings.of(value);
    return ending === null ? 'ACCEPT' : ending.kind === 'decided' ? ending.decision.verdict : null;
  };
  let known = ofEngine.get(hook);
  if (known === undefined) {
    const occurring = [...diagram.leaves(way)].map(verdictOf).filter((verdict) => verdict !== null);
    known = { occurring: new Set(occurring), sets: new Map() };
    ofEngine.set(hook, known);
  }
  const wanted: ReadonlySet<FinalVerdict | null> = known.occurring.intersection(new Set(verdicts));
  const key = [...wanted].sort().join();
  const set = known.sets.get(key) ?? diagram.where(way, (value) => wanted.has(verdictOf(value)));
  known.sets.set(key, set);
  return set;
}

/** Those packets of a set that end so. */
export function endingIn(engine: Engine, hook: Hook, set: Node, verdicts: readonly FinalVerdict[]): Node {
  return engine.space.diagram.mask(set, endingAs(engine, hook, verdicts));
}

/** A packet of the set that the interpreter confirms; `null` if the set is empty, or it does not. */
export function shownBy(engine: Engine, hook: Hook, set: Node): Witness | null {
  const witness: Shown | null = witnessOf(engine.space, engine.firewall, hook, set);
  return witness?.checked === true ? { packet: witness.packet, trace: witness.trace } : null;
}

/** A packet of one of the sets: the first of a connection if there is one, else one within the host, else whatever there is. */
export function plainlyShown(subject: Subject, engine: Engine, sets: readonly HookPackets[]): Witness | null {
  const { diagram } = engine.space;
  const among = (which: (hook: Hook, packets: Node) => Node): Witness | null =>
    shownByAny(
      engine,
      sets.map(({ hook, packets }) => ({ hook, packets: which(hook, packets) })),
    );
  return (
    among((hook, packets) => diagram.mask(packets, openings(subject, engine, hook))) ??
    among((hook, packets) => diagram.without(packets, overLinks(subject, engine, hook))) ??
    shownByAny(engine, sets)
  );
}

/** The first of several sets that has one. */
function shownByAny(engine: Engine, sets: readonly HookPackets[]): Witness | null {
  for (const { hook, packets } of sets) {
    const witness = shownBy(engine, hook, packets);
    if (witness !== null) return witness;
  }
  return null;
}

/** Packets about which a rule decides so, the whole way through the host; policies are no rules. */
export function decidedByRule(
  { space, firewall }: Engine,
  hook: Hook,
  verdicts: readonly FinalVerdict[],
  counts: (rule: RuleRef) => boolean = () => true,
): Node {
  const { diagram, endings } = space;
  return diagram.where(firewall.way(hook).verdicts, (value) => {
    const ending = value === 0 ? null : endings.of(value);
    if (ending?.kind !== 'decided' || !verdicts.includes(ending.decision.verdict)) return false;
    return ending.decision.by.rule !== 'policy' && counts(ending.decision.by);
  });
}

/** A packet that meets one rule and that it matches: the first of a connection if there is one. */
export function witnessOfRule(subject: Subject, engine: Engine, { table, chain, rule }: RuleRef): Witness | null {
  return rule === 'policy' ? null : plainlyShown(subject, engine, engine.liveness().hits(table, chain, rule));
}

/** Packets that are in the set with some answers of the matches that no field tells. */
export function whatever({ space }: Engine, set: Node): Node {
  const { f } = withoutMatches(space.diagram, space.layout, set);
  return space.diagram.where(f, (value) => value !== 0);
}
