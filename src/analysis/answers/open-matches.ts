import { all, type Diagram, leaf, type Node, none } from '../space/index.ts';
import type { Layout } from '../symbolic/index.ts';

/** What matches that no field tells have to do with packets of which the fields are known. */
export interface OpenMatches {
  /** They must answer so; empty where nothing hangs on them, and where more than one list of answers will do. */
  readonly answers: readonly { readonly text: string; readonly holds: boolean }[];
  /** It hangs on them in some way that no single list says. */
  readonly dependsOn: readonly string[];
}

/**
 * A set as a function of fields alone: leaves say what is asked of open matches there (`of` their values), and are
 * {@link all} where nothing is.
 */
export function withoutMatches(diagram: Diagram, layout: Layout, set: Node): { readonly f: Node; of(leaf: Node): OpenMatches } {
  const leaves = new Map<string, Node>();
  const list: OpenMatches[] = [];
  const known = new Map<Node, Node>();
  const visit = (node: Node): Node => {
    if (node < 0) return node;
    const before = known.get(node);
    if (before !== undefined) return before;
    const level = diagram.level(node);
    const made =
      level >= layout.firstVariable ? leafOf(node) : diagram.make(level, visit(diagram.lo(node)), visit(diagram.hi(node)));
    known.set(node, made);
    return made;
  };
  return { f: visit(set), of: (at) => (at === all ? nothing : (list[~at - 2] as OpenMatches)) };

  function leafOf(node: Node): Node {
    const said = answersOf(node) ?? { answers: [], dependsOn: textsOf(node) };
    const key = JSON.stringify(said);
    let made = leaves.get(key);
    if (made === undefined) {
      made = leaf(2 + list.length);
      list.push(said);
      leaves.set(key, made);
    }
    return made;
  }

  /** The only way to a member, if there is only one. */
  function answersOf(from: Node): OpenMatches | null {
    const answers: { text: string; holds: boolean }[] = [];
    for (let node = from; node >= 0; ) {
      const [lo, hi] = [diagram.lo(node), diagram.hi(node)];
      if (lo !== none && hi !== none) return null;
      answers.push({ text: layout.variableAt(diagram.level(node)).text, holds: lo === none });
      node = lo === none ? hi : lo;
    }
    return { answers, dependsOn: [] };
  }

  function textsOf(node: Node): readonly string[] {
    const texts = new Set<string>();
    diagram.visit(node, (at) => {
      if (at >= 0) texts.add(layout.variableAt(diagram.level(at)).text);
      return true;
    });
    return [...texts].sort();
  }
}

const nothing: OpenMatches = { answers: [], dependsOn: [] };
