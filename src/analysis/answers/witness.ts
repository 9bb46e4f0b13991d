import type { Hook, Packet, Trace } from '../../model/packet/index.ts';
import { traceOf } from '../evaluate/endings.ts';
import { type Walk, walk } from '../evaluate/walk.ts';
import { type Node, none } from '../space/index.ts';
import type { Firewall, Space } from '../symbolic/index.ts';
import { bitsOfPacket } from '../symbolic/packet-bits.ts';
import { type Assumption, answersOf, usualPacket } from './usual-packet.ts';

/** One concrete packet that shows a claim. */
export interface Witness {
  readonly packet: Packet;
  /** What matches that no field tells had to answer for the packet to be in the set, by their texts. */
  readonly assumed: readonly Assumption[];
  /** What the interpreter says of the packet, whatever those matches answer. */
  readonly trace: Trace;
  /** The interpreter ends as the engine does with it, by the same rule; without this a witness is not to be shown. */
  readonly checked: boolean;
}

/**
 * A packet of the set that looks like one that a person would send: a new connection from a public address over a link that
 * the host has, to a service that people know, as far as the set allows. Of matches that no field tells, as many as
 * possible answer no.
 *
 * @param set packets as they arrive on the way of `hook`; those that cannot exist there are left out.
 * @returns `null` if nothing is left of the set.
 * @throws OverBudget
 */
export function witnessOf(space: Space, firewall: Firewall, hook: Hook, set: Node): Witness | null {
  const { diagram, layout } = space;
  const within = diagram.mask(firewall.possible(hook), set);
  if (within === none) return null;
  const { packet, assumed } = usualPacket(diagram, layout, hook, firewall.surroundings, within);
  const walks: Walk[] = [];
  const trace = traceOf((script) => {
    const one = walk(packet, firewall.ruleset, firewall.surroundings, script);
    walks.push(one);
    return one;
  });
  const variables = answersOf(assumed);
  const checked = agrees(space, firewall, packet, variables, assumed.length === 0 ? walks.filter(isPlain) : walks);
  return { packet, assumed, trace, checked };
}

/** Every match answers no; what nat chooses may be anything, since the two do not ask for it in the same words. */
function isPlain({ asked }: Walk): boolean {
  return asked.every(({ answer, question }) => !answer || question.chooses === true);
}

/** Whether some walk of the interpreter ends as the diagram does. */
function agrees(
  { diagram, layout, endings }: Space,
  firewall: Firewall,
  packet: Packet,
  variables: ReadonlyMap<number, boolean>,
  walks: readonly Walk[],
): boolean {
  let node = firewall.way(packet.hook).verdicts;
  const bits = new Uint8Array(layout.firstVariable + layout.variables.length);
  bitsOfPacket(packet, layout, bits);
  while (node >= 0) {
    const level = diagram.level(node);
    const isOne = variables.get(level) ?? bits[level] === 1;
    node = isOne ? diagram.hi(node) : diagram.lo(node);
  }
  const ending = node === none ? null : endings.of(~node);
  return walks.some(({ broken, verdict, decidedBy }) => {
    if (ending === null) return broken === null && verdict === 'ACCEPT' && decidedBy === null;
    if (ending.kind !== 'decided') return ending.kind === 'broken' && broken !== null;
    const { by } = ending.decision;
    const same = decidedBy !== null && decidedBy.table === by.table && decidedBy.chain === by.chain && decidedBy.rule === by.rule;
    return broken === null && verdict === ending.decision.verdict && same;
  });
}
