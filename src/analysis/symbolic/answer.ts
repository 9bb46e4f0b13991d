import type { FinalVerdict, Packet } from '../../model/packet/index.ts';
import { type Node, none } from '../space/index.ts';
import type { Decision } from './ending.ts';
import { createPacketBits, unsaid } from './packet-bits.ts';
import type { Space } from './symbolic.ts';
import type { Way } from './way.ts';

/** What the rules do with one packet. */
export interface Answer {
  /** DEPENDS: on matches that the packet does not tell. UNDECIDED: the packet takes another way than was asked about. */
  readonly verdict: FinalVerdict | 'DEPENDS' | 'UNDECIDED';
  /** The rule or policy that decides if every open match says no; `null` where no table stands in the way. */
  readonly decision: Decision | null;
  /** Every verdict that may be. */
  readonly verdicts: ReadonlySet<FinalVerdict>;
}

/** Answers for packets one after the other, by following the diagram: as many levels as tell packets apart. */
export function createAnswering({ diagram, layout, endings }: Space, way: Way): (packet: Packet) => Answer {
  const certain = new Map<Node, Answer>();
  const bits = createPacketBits(layout);
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
      answer = summed([node], node);
      certain.set(node, answer);
    }
    return answer;
  };

  /** Some bit of what is left is not said: every leaf that may be reached counts. */
  function open(from: Node): Answer {
    const leaves = new Set<Node>();
    const seen = new Set<Node>();
    const visit = (node: Node): void => {
      if (seen.has(node)) return;
      seen.add(node);
      if (node < 0) {
        leaves.add(node);
        return;
      }
      const bit = bits.at(diagram.level(node));
      if (bit !== 1) visit(diagram.lo(node));
      if (bit !== 0) visit(diagram.hi(node));
    };
    visit(from);
    let plain = from;
    while (plain >= 0) plain = bits.at(diagram.level(plain)) === 1 ? diagram.hi(plain) : diagram.lo(plain);
    return summed([...leaves], plain);
  }

  function summed(leaves: readonly Node[], plain: Node): Answer {
    const verdicts = new Set<FinalVerdict>();
    let broken = false;
    for (const one of leaves) {
      if (one === none) verdicts.add('ACCEPT');
      else {
        const ending = endings.of(~one);
        if (ending.kind === 'decided') verdicts.add(ending.decision.verdict);
        else broken = true;
      }
    }
    const ending = plain === none ? null : endings.of(~plain);
    const decision = ending?.kind === 'decided' ? ending.decision : null;
    if (broken) return { verdict: 'UNDECIDED', decision: null, verdicts };
    const [only] = verdicts;
    return { verdict: verdicts.size === 1 && only !== undefined ? only : 'DEPENDS', decision, verdicts };
  }
}
