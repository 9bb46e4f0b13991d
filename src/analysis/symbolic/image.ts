import { type Axis, all, type Diagram, listed, type Node, none, splitBy, within, withoutField } from '../space/index.ts';
import type { Change, Recoding } from './change.ts';
import type { Layout } from './layout.ts';
import { affineSteps } from './marks.ts';

/**
 * Sets of packets after a change: the packets as they are then, whatever they were. Where `Changes.before` asks which packets
 * will be in a set, this asks what becomes of those that are; packets that came by different changes are one set again.
 */
export type Image = (set: Node, change: Change) => Node;

export function createImage(diagram: Diagram, layout: Layout): Image {
  const known = diagram.operation();
  const flips = diagram.operation();
  const rewrites = diagram.operation();

  return (set, change) => {
    if (set < 0 && set === none) return none;
    if (change.id === 0) return set;
    const before = diagram.recall(known, set, change.id);
    if (before !== undefined) return before;
    let made = change.rewrites === 0 ? set : rewritten(set, change.rewrites);
    made = marked(made, change);
    for (const [field, recoding] of change.fields) made = recoded(made, layout.axis(field), recoding);
    return diagram.remember(known, set, change.id, made);
  };

  function recoded(set: Node, axis: Axis, recoding: Recoding): Node {
    if (axis.width === 0) return set;
    if (recoding.kind === 'to')
      return diagram.mask(within(diagram, axis, Int32Array.of(recoding.code, recoding.code)), withoutField(diagram, set, axis));
    const byCode = new Map<number, Node>();
    const runs = splitBy(diagram, set, axis);
    for (const [index, { first, rest }] of runs.entries()) {
      const end = runs[index + 1]?.first ?? axis.size;
      for (let code = first; code < end && rest !== none; code += 1) {
        const to = recoding.codes[code] as number;
        byCode.set(to, diagram.first(byCode.get(to) ?? none, rest));
      }
    }
    const byRest = Map.groupBy(byCode, ([, rest]) => rest);
    let made: Node = none;
    for (const [rest, codes] of byRest) {
      const sorted = codes.map(([code]) => code).sort((left, right) => left - right);
      made = diagram.first(made, diagram.mask(within(diagram, axis, listed(sorted)), rest));
    }
    return made;
  }

  /** Marks one bit at a time: {@link affineSteps}. */
  function marked(set: Node, { marks }: Change): Node {
    if (marks === null) return set;
    const levelOf = (row: number): number => layout.markLevel(row % 2 === 0 ? 'mark' : 'connmark', row >> 1);
    let made = set;
    for (const step of affineSteps(marks, layout.markBits)) {
      const level = levelOf(step.row);
      if (step.kind === 'clear') {
        const free = withoutField(diagram, made, { level, width: 1 });
        made = diagram.mask(diagram.make(level, all, none), free);
      } else if (step.kind === 'flip') made = flipped(made, level);
      else if (step.kind === 'add') made = diagram.choose(diagram.make(levelOf(step.by), none, all), flipped(made, level), made);
    }
    return made;
  }

  /** The set with a bit turned over. */
  function flipped(set: Node, level: number): Node {
    const own = diagram.level(set);
    if (own > level) return set;
    if (own === level) return diagram.make(level, diagram.hi(set), diagram.lo(set));
    const before = diagram.recall(flips, set, level);
    if (before !== undefined) return before;
    return diagram.remember(
      flips,
      set,
      level,
      diagram.make(own, flipped(diagram.lo(set), level), flipped(diagram.hi(set), level)),
    );
  }

  /**
   * What matches said of the bytes before they were rewritten so often is forgotten; what they say after so many is what they
   * say now.
   */
  function rewritten(set: Node, times: number): Node {
    if (set < 0) return set;
    const before = diagram.recall(rewrites, set, times);
    if (before !== undefined) return before;
    const own = diagram.level(set);
    const [lo, hi] = [rewritten(diagram.lo(set), times), rewritten(diagram.hi(set), times)];
    const variable = own >= layout.firstVariable ? layout.variableAt(own) : null;
    let made: Node;
    if (variable?.pure !== true) made = diagram.make(own, lo, hi);
    else if (variable.rewrites < times) made = diagram.first(lo, hi);
    else {
      const { key, text } = variable;
      const { level } = layout.later(layout.variable(key, text, true), variable.rewrites - times);
      // Beyond the rewrites that were foreseen they stand in any order.
      const isAbove = diagram.level(lo) > level && diagram.level(hi) > level;
      made = isAbove ? diagram.make(level, lo, hi) : diagram.choose(diagram.make(level, none, all), hi, lo);
    }
    return diagram.remember(rewrites, set, times, made);
  }
}
