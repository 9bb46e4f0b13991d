import { states } from '../../model/packet/index.ts';
import { all, type Node, none } from '../space/index.ts';
import type { Firewall, Space } from '../symbolic/index.ts';
import type { Sample } from './matrix.ts';
import type { ReachRow } from './reach.ts';
import type { Service } from './services.ts';
import { type Witness, witnessOf } from './witness.ts';

/** One packet of a row that is accepted; `null` where none was found, or the interpreter does not agree. */
export function witnessOfRow(
  space: Space,
  firewall: Firewall,
  { links, goals }: Pick<ReachRow, 'links' | 'goals'>,
  { services, src, dst }: Sample,
): Witness | null {
  const { diagram, layout } = space;
  const { matching } = firewall;
  const [goal] = goals;
  const [link] = links;
  if (goal === undefined || link === undefined) return null;
  const hook = goal.kind === 'host' ? 'input' : 'forward';
  const isNew = states.indexOf('NEW');
  const codes = (pieces: readonly (readonly [number, number])[]): Int32Array => Int32Array.from(pieces.flat());
  const { interfaces } = layout;
  const arriving = Array.from({ length: interfaces.size }, (_, code) => code).filter(
    (code) =>
      code > 0 &&
      (interfaces.nameOf(code) === link || (link.endsWith('*') && interfaces.beginningOf(code) === link.slice(0, -1))),
  );
  const parts = [
    matching.fieldSet('state', layout.numberCodes('state', [[isNew, isNew]])),
    matching.fieldSet('in', codes(arriving.map((code) => [code, code]))),
    matching.fieldSet('src', codes(src)),
    matching.fieldSet('dst', codes(dst)),
    services.reduce<Node>((set, service) => diagram.first(set, setOf(service)), none),
    goal.kind === 'host' || goal.link === null ? all : leavingBy(goal.link),
  ];
  const accepted = diagram.where(firewall.way(hook).verdicts, (value) => {
    if (value === 0) return true;
    const ending = space.endings.of(value);
    return ending.kind === 'decided' && ending.decision.verdict === 'ACCEPT';
  });
  const witness = witnessOf(
    space,
    firewall,
    hook,
    parts.reduce((set, part) => diagram.mask(part, set), accepted),
  );
  return witness?.checked === true ? witness : null;

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
