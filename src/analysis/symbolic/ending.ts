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
  /** It goes back to the chain's caller; `at` is the rule of the chain (an index) that sends it. */
  | { readonly kind: 'return'; readonly at: number; readonly change: Change }
  /** A verdict; `at` is the rule of the chain, itself or by the chain that it calls. */
  | { readonly kind: 'decided'; readonly decision: Decision; readonly at: number; readonly change: Change }
  /** No verdict of this way would be true of it. */
  | { readonly kind: 'broken'; readonly why: string; readonly at: number };

/** Endings by the values of leaves, each once. The value 0 is an unchanged pass; 1 is that of sets. */
export interface Endings {
  readonly pass: (change: Change) => Node;
  readonly returned: (at: number, change: Change) => Node;
  readonly decided: (decision: Decision, at: number, change: Change) => Node;
  readonly broken: (why: string, at: number) => Node;
  readonly of: (value: number) => Ending;
  /** The leaf behind a change. */
  readonly behind: (value: number, change: Change) => Node;
}

export function createEndings(changes: () => Changes): Endings {
  const list: (Ending | null)[] = [null, null];
  const byKey = new Map<string, Node>();
  const decisions = new Map<Decision, number>();
  const numberOf = (decision: Decision): number => {
    const before = decisions.get(decision);
    if (before !== undefined) return before;
    decisions.set(decision, decisions.size);
    return decisions.size - 1;
  };
  const intern = (key: string, ending: Ending): Node => {
    const before = byKey.get(key);
    if (before !== undefined) return before;
    list.push(ending);
    const made = leaf(list.length - 1);
    byKey.set(key, made);
    return made;
  };
  const endings: Endings = {
    pass: (change) => (change.id === 0 ? none : intern(`p${change.id}`, { kind: 'pass', change })),
    returned: (at, change) => intern(`r${at} ${change.id}`, { kind: 'return', at, change }),
    decided(decision, at, change) {
      // What becomes of a packet that is gone is nobody's business.
      const kept = decision.verdict === 'ACCEPT' ? change : changes().unchanged;
      return intern(`d${numberOf(decision)} ${at} ${kept.id}`, { kind: 'decided', decision, at, change: kept });
    },
    broken: (why, at) => intern(`b${at} ${why}`, { kind: 'broken', why, at }),
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
          return endings.returned(ending.at, changes().chained(change, ending.change));
        case 'decided':
          return endings.decided(ending.decision, ending.at, changes().chained(change, ending.change));
        case 'broken':
          return leaf(value);
      }
    },
  };
  return endings;
}
