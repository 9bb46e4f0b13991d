import type { FinalVerdict, RuleRef } from '../../model/packet/index.ts';
import { leaf, type Node, none } from '../space/index.ts';
import type { Change, Changes } from './change.ts';

/** The rule or policy that a verdict comes from. */
export interface Decision {
  readonly verdict: FinalVerdict;
  readonly by: RuleRef;
  readonly line: number | null;
}

/** What a leaf stands for: how a packet leaves a part of the rules, and what has become of it by then. */
export type Ending =
  /** It goes on to the rule behind the part. */
  | { readonly kind: 'pass'; readonly change: Change }
  /** It goes back to the chain's caller; `by` is the rule that sends it. */
  | { readonly kind: 'return'; readonly by: Decision; readonly change: Change }
  | { readonly kind: 'decided'; readonly decision: Decision; readonly change: Change }
  /** No verdict of this way would be true of it. */
  | { readonly kind: 'broken'; readonly why: string };

/** Endings by the values of leaves, each once. The value 0 is an unchanged pass; 1 is that of sets. */
export interface Endings {
  pass(change: Change): Node;
  returned(by: Decision, change: Change): Node;
  decided(decision: Decision, change: Change): Node;
  broken(why: string): Node;
  of(value: number): Ending;
  /** The leaf behind a change. */
  behind(value: number, change: Change): Node;
}

export function createEndings(changes: () => Changes): Endings {
  const list: (Ending | null)[] = [null, null];
  const byKey = new Map<string, Node>();
  /** Verdicts that leave the packet as it is, which nearly all do. */
  const unchanged = new Map<Decision, Node>();
  const decisions = new Map<Decision, number>();
  const numberOf = (decision: Decision): number => {
    const before = decisions.get(decision);
    if (before !== undefined) return before;
    decisions.set(decision, decisions.size);
    return decisions.size - 1;
  };
  const added = (ending: Ending): Node => {
    list.push(ending);
    return leaf(list.length - 1);
  };
  const intern = (key: string, ending: Ending): Node => {
    let node = byKey.get(key);
    if (node === undefined) {
      node = added(ending);
      byKey.set(key, node);
    }
    return node;
  };
  const endings: Endings = {
    pass: (change) => (change.id === 0 ? none : intern(`p${change.id}`, { kind: 'pass', change })),
    returned: (by, change) => intern(`r${numberOf(by)} ${change.id}`, { kind: 'return', by, change }),
    decided(decision, change) {
      // What becomes of a packet that is gone is nobody's business.
      if (change.id !== 0 && decision.verdict === 'ACCEPT')
        return intern(`d${numberOf(decision)} ${change.id}`, { kind: 'decided', decision, change });
      let node = unchanged.get(decision);
      if (node === undefined) {
        node = added({ kind: 'decided', decision, change: changes().unchanged });
        unchanged.set(decision, node);
      }
      return node;
    },
    broken: (why) => intern(`b${why}`, { kind: 'broken', why }),
    of(value) {
      if (value === 0) return { kind: 'pass', change: changes().unchanged };
      const ending = list[value];
      if (ending === null || ending === undefined) throw new Error(`a leaf of value ${value} ends nothing`);
      return ending;
    },
    behind(value, change) {
      // What nothing has decided stays so: whoever asks knows which change comes before it.
      if (value < 2) return leaf(value);
      const ending = endings.of(value);
      switch (ending.kind) {
        case 'pass':
          return endings.pass(changes().chained(change, ending.change));
        case 'return':
          return endings.returned(ending.by, changes().chained(change, ending.change));
        case 'decided':
          return endings.decided(ending.decision, changes().chained(change, ending.change));
        case 'broken':
          return leaf(value);
      }
    },
  };
  return endings;
}
