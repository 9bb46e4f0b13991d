import { type Hook, states } from '../../model/packet/index.ts';
import { all, type Node, none } from '../space/index.ts';
import type { Firewall, Space } from '../symbolic/index.ts';
import type { Sample } from './matrix.ts';
import type { ReachRow } from './reach.ts';
import type { Service } from './services.ts';
import { type Witness, witnessOf } from './witness.ts';

/** Finds one packet of a row that is accepted; `null` where none was found, or the interpreter does not agree. */
export function rowWitnesses(
  space: Space,
  firewall: Firewall,
): (row: Pick<ReachRow, 'links' | 'goals'>, sample: Sample) => Witness | null {
  const { diagram, layout } = space;
  const { matching } = firewall;
  const { interfaces } = layout;
  const acceptedOn = new Map<Hook, Node>();
  return ({ links, goals }, { services, src, dst }) => {
    const [goal] = goals;
    const [link] = links;
    if (goal === undefined || link === undefined) return null;
    const hook = goal.kind === 'host' ? 'input' : 'forward';
    const arriving = Array.from({ length: interfaces.size }, (_, code) => code).filter(
      (code) =>
        code > 0 &&
        (interfaces.nameOf(code) === link || (link.endsWith('*') && interfaces.beginningOf(code) === link.slice(0, -1))),
    );
    const parts = [
      matching.fieldSet('in', codesOf(arriving.map((code) => [code, code]))),
      matching.fieldSet('src', codesOf(src)),
      matching.fieldSet('dst', codesOf(dst)),
      services.reduce<Node>((set, service) => diagram.first(set, setOf(service)), none),
      goal.kind === 'host' || goal.link === null ? all : leavingBy(goal.link),
    ];
    const narrow = parts.reduce((set, part) => diagram.mask(part, set), all);
    const witness = witnessOf(space, firewall, hook, diagram.mask(narrow, accepted(hook)));
    return witness?.checked === true ? witness : null;
  };

  /** New connections that a way accepts. */
  function accepted(hook: Hook): Node {
    const before = acceptedOn.get(hook);
    if (before !== undefined) return before;
    const isNew = states.indexOf('NEW');
    const set = diagram.where(firewall.way(hook).verdicts, (value) => {
      if (value === 0) return true;
      const ending = space.endings.of(value);
      return ending.kind === 'decided' && ending.decision.verdict === 'ACCEPT';
    });
    const fresh = diagram.mask(matching.fieldSet('state', layout.numberCodes('state', [[isNew, isNew]])), set);
    acceptedOn.set(hook, fresh);
    return fresh;
  }

  function leavingBy(name: string): Node {
    const code = interfaces.codeOf(name);
    return matching.fieldSet('out', Int32Array.of(code, code));
  }

  function setOf({ proto, ports, icmpTypes }: Service): Node {
    const own = matching.fieldSet('proto', layout.numberCodes('proto', [proto]));
    if (ports !== null) return diagram.mask(own, matching.fieldSet('dport', layout.numberCodes('dport', ports)));
    if (icmpTypes !== null) return diagram.mask(own, matching.fieldSet('icmpType', layout.numberCodes('icmpType', icmpTypes)));
    return own;
  }
}

function codesOf(pieces: readonly (readonly [number, number])[]): Int32Array {
  return Int32Array.from(pieces.flat());
}
