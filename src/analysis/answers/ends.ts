import type { FinalVerdict, Hook } from '../../model/packet/index.ts';
import { type Ruleset, ruleMeaning } from '../../model/ruleset/index.ts';
import { leaf, type Node, none } from '../space/index.ts';
import type { Decision, Firewall, Space } from '../symbolic/index.ts';

/** What becomes of a packet, whichever rule says so. */
export interface End {
  /** OTHER-WAY: it does not stay on the way, as a packet that is translated to another host's address. */
  readonly verdict: FinalVerdict | 'OTHER-WAY';
  /** What REJECT answers with, as iptables names it. */
  readonly answer: string | null;
}

/** The ends of packets as functions that can be compared, whatever rules decide. */
export interface Ends {
  of(firewall: Firewall, hook: Hook): Node;
  /** Where two functions differ: leaves stand for pairs of ends. */
  pairs(before: Node, after: Node): Node;
  pair(value: number): readonly [before: End, after: End];
}

export function createEnds({ diagram, endings }: Space): Ends {
  const list: End[] = [];
  const byKey = new Map<string, number>();
  const pairList: (readonly [End, End])[] = [];
  const pairNodes = new Map<string, Node>();
  const operation = diagram.operation();
  const numberOf = (end: End): number => {
    const key = `${end.verdict} ${end.answer ?? ''}`;
    let number = byKey.get(key);
    if (number === undefined) {
      number = list.length;
      list.push(end);
      byKey.set(key, number);
    }
    return number;
  };
  const pairOf = (f: Node, g: Node): Node => {
    const key = `${f} ${g}`;
    let node = pairNodes.get(key);
    if (node === undefined) {
      node = leaf(2 + pairList.length);
      pairList.push([list[~f - 2] as End, list[~g - 2] as End]);
      pairNodes.set(key, node);
    }
    return node;
  };
  const pairs = (f: Node, g: Node): Node => {
    if (f === g) return none;
    if (f < 0 && g < 0) return pairOf(f, g);
    const known = diagram.recall(operation, f, g);
    if (known !== undefined) return known;
    const [levelF, levelG] = [diagram.level(f), diagram.level(g)];
    const level = Math.min(levelF, levelG);
    const lo = pairs(levelF === level ? diagram.lo(f) : f, levelG === level ? diagram.lo(g) : g);
    const hi = pairs(levelF === level ? diagram.hi(f) : f, levelG === level ? diagram.hi(g) : g);
    return diagram.remember(operation, f, g, diagram.make(level, lo, hi));
  };
  return {
    of: (firewall, hook) =>
      diagram.mapLeaves(firewall.way(hook).verdicts, (value) => {
        const ending = endings.of(value);
        switch (ending.kind) {
          case 'decided': {
            const { verdict } = ending.decision;
            return leaf(
              2 + numberOf({ verdict, answer: verdict === 'REJECT' ? answerOf(firewall.ruleset, ending.decision) : null }),
            );
          }
          case 'broken':
            return leaf(2 + numberOf({ verdict: 'OTHER-WAY', answer: null }));
          default:
            // No table stands in the way.
            return leaf(2 + numberOf({ verdict: 'ACCEPT', answer: null }));
        }
      }),
    pairs,
    pair: (value) => pairList[value - 2] as readonly [End, End],
  };
}

/** What a REJECT rule answers with, said or not. */
export function answerOf(ruleset: Ruleset, { by }: Decision): string {
  const chain = ruleset.tables.find(({ name }) => name === by.table)?.chains.get(by.chain);
  const rule = by.rule === 'policy' ? undefined : chain?.rules[by.rule - 1];
  const text = rule === undefined ? '' : (ruleMeaning(ruleset, rule).uses.at(-1)?.text ?? '');
  const said = /--reject-with (\S+)/.exec(text)?.[1];
  return said ?? (ruleset.family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable');
}
