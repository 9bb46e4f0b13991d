import type { FinalVerdict, Packet } from '../../model/packet/index.ts';
import { all, type Node, none, pairOf } from '../space/index.ts';
import type { Decision } from './ending.ts';
import { createPacketBits, unsaid } from './packet-bits.ts';
import type { Space } from './symbolic.ts';
import { ownersAgree } from './validity.ts';
import type { Way } from './way.ts';

/** What the rules do with one packet. */
export interface Answer {
  /** DEPENDS: on matches that the packet does not tell. UNDECIDED: the packet takes another way than was asked about. */
  readonly verdict: FinalVerdict | 'DEPENDS' | 'UNDECIDED';
  /** The rule or policy that decides if every open match says no; `null` where no table stands in the way. */
  readonly decision: Decision | null;
  /** The rule hangs on no field that the packet does not say. */
  readonly told: boolean;
  /** Whatever open matches say, and whatever nat chooses, the same rule decides. */
  readonly sole: boolean;
  /** Every verdict that may be. */
  readonly verdicts: ReadonlySet<FinalVerdict>;
}

/** Answers for packets one after the other, by following the diagram: as many levels as tell packets apart. */
export function createAnswering({ diagram, layout, endings, firewalls }: Space, way: Way): (packet: Packet) => Answer {
  const certain = new Map<Node, Answer>();
  const bits = createPacketBits(layout);
  const [firewall] = firewalls;
  /** What no packet says both ways. */
  const agreeing = firewall === undefined ? all : ownersAgree(firewall.matching);
  return (packet) => {
    bits.read(packet);
    let node = way.verdicts;
    while (node >= 0) {
      const bit = bits.at(diagram.level(node));
      if (bit === unsaid) return open(node);
      node = bit === 0 ? diagram.lo(node) : diagram.hi(node);
    }
    let answer = certain.get(node);
    if (answer === undefined) {
      answer = summed([node], node, true);
      certain.set(node, answer);
    }
    return answer;
  };

  /** Some bit of what is left is not said: every leaf that may be reached counts. */
  function open(from: Node): Answer {
    const leaves = new Set<Node>();
    const seen = new Set<number>();
    /** `among` holds what fields that the packet does not say may be together. */
    const visit = (node: Node, among: Node): void => {
      const key = pairOf(node, among);
      if (among === none || seen.has(key)) return;
      seen.add(key);
      if (node < 0 && among < 0) {
        leaves.add(node);
        return;
      }
      const [own, other] = [diagram.level(node), diagram.level(among)];
      const level = Math.min(own, other);
      const bit = bits.at(level);
      if (bit !== 1) visit(own === level ? diagram.lo(node) : node, other === level ? diagram.lo(among) : among);
      if (bit !== 0) visit(own === level ? diagram.hi(node) : node, other === level ? diagram.hi(among) : among);
    };
    visit(from, agreeing);
    // Of a packet that says what cannot be each field is believed.
    if (leaves.size === 0) visit(from, all);
    const [only] = leaves;
    if (leaves.size === 1 && only !== undefined) return summed([only], only, true);
    let plain = from;
    let told = true;
    while (plain >= 0) {
      const level = diagram.level(plain);
      const bit = bits.at(level);
      if (bit === unsaid && level < layout.firstVariable) told = false;
      plain = bit === 1 ? diagram.hi(plain) : diagram.lo(plain);
    }
    return summed([...leaves], plain, told);
  }

  function summed(leaves: readonly Node[], plain: Node, told: boolean): Answer {
    const verdicts = new Set<FinalVerdict>();
    const deciders = new Set<Decision | null>();
    let broken = false;
    for (const one of leaves) {
      if (one === none) {
        verdicts.add('ACCEPT');
        deciders.add(null);
      } else {
        const ending = endings.of(~one);
        deciders.add(ending.kind === 'decided' ? ending.decision : null);
        if (ending.kind === 'decided') verdicts.add(ending.decision.verdict);
        else broken = true;
      }
    }
    const ending = plain === none ? null : endings.of(~plain);
    const decision = ending?.kind === 'decided' ? ending.decision : null;
    const sole = deciders.size === 1;
    if (broken) return { verdict: 'UNDECIDED', decision: null, told, sole: false, verdicts };
    const [only] = verdicts;
    return { verdict: verdicts.size === 1 && only !== undefined ? only : 'DEPENDS', decision, told, sole, verdicts };
  }
}
