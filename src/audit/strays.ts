import { type Node, none } from '../analysis/space/index.ts';
import { TCP } from '../model/net/index.ts';
import type { State } from '../model/packet/index.ts';
import type { Subject } from './check.ts';
import type { Engine } from './engine.ts';
import type { Witness } from './finding.ts';
import { decidedByRule, inState, meeting, overLinks, shownBy } from './packet-sets.ts';
import { outsideOf } from './surroundings.ts';

/** A TCP packet that begins no connection and belongs to none. */
export interface Stray {
  readonly state: State;
  /** Bits of the header. */
  readonly flags: number;
}

/** Packets that come from strangers: by a link that faces the outside, or by any but the loopback where none is known. */
export function fromOutside(subject: Subject, engine: Engine): Node {
  const { firewall, space } = engine;
  const { interfaces } = space.layout;
  const codes = [...new Set(outsideOf(subject.host, space.family).links.map((link) => interfaces.codeOf(link)))];
  if (codes.length === 0) return overLinks(subject, engine, 'input');
  const flat = [...codes].sort((a, b) => a - b).flatMap((code) => [code, code]);
  return firewall.matching.fieldSet('in', Int32Array.from(flat));
}

/**
 * One such packet of a stranger that some rule lets in. What only a policy lets in is not asked about: then everything is.
 */
export function strayLetIn(subject: Subject, engine: Engine, { state, flags }: Stray): Witness | null {
  const { space, firewall } = engine;
  const { diagram, layout } = space;
  const tcp = meeting(engine, { kind: 'number', field: 'proto', ranges: [[TCP, TCP]] });
  const whole = firewall.matching.fieldSet('fragment', layout.numberCodes('fragment', [[0, 0]]));
  let set = diagram.mask(diagram.mask(tcp, whole), fromOutside(subject, engine));
  set = diagram.mask(diagram.mask(set, inState(engine, state)), firewall.possible('input'));
  const told = layout.axis('flags').size > 1;
  if (told) set = diagram.mask(set, meeting(engine, { kind: 'bits', field: 'flags', mask: 63, value: flags }));
  set = diagram.mask(set, decidedByRule(engine, 'input', ['ACCEPT']));
  const witness = set === none ? null : shownBy(engine, 'input', set);
  if (witness === null || told) return witness;
  // No rule looks at flags, so that any will do.
  const packet = { ...witness.packet, flags };
  const trace = subject.evaluator.trace(packet);
  return trace === null ? null : { packet, trace };
}
