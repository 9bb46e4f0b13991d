import type { Constraint } from '../../model/packet/index.ts';
import type { Surroundings } from '../evaluate/surroundings.ts';
import type { Case, Codes, Diagram, Node } from '../space/index.ts';
import type { FieldName, Layout } from './layout.ts';

/** Where in the host a match is asked. */
export interface Place {
  /** Connection tracking has looked at the packet: in every table but raw. */
  readonly tracked: boolean;
  /** Names a stateful match of the rule that is being read. */
  readonly scope: string;
}

/** Packets that a constraint holds for, as a diagram or as a case: fields by themselves where that is possible. */
export interface Matching {
  readonly diagram: Diagram;
  readonly layout: Layout;
  readonly surroundings: Surroundings;
  /** Some rule speaks of tracking in raw, so that `exempt` and `template` matter. */
  readonly tracksBySay: boolean;
  set(constraint: Constraint, place: Place): Node;
  /** Where the constraint holds, the node; `null` if no packet can meet it. */
  case(constraint: Constraint, place: Place, gives: Node): Case | null;
  fieldSet(field: FieldName, codes: Codes): Node;
  /** The answer of an opaque match, or of a question that nothing tells. */
  variable(key: string, text: string, twin?: boolean): Node;
}
