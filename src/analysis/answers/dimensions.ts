import type { Axis, Diagram, Node } from '../space/index.ts';
import type { FieldName, Layout } from '../symbolic/index.ts';

/** One thing that tells packets apart, with the levels of a diagram at which it stands. */
export type Dimension = { readonly axis: Axis } & (
  | { readonly kind: 'field'; readonly field: FieldName }
  | { readonly kind: 'bit'; readonly field: 'mark' | 'connmark'; readonly bit: number }
  /** A match whose answer no field tells: its code is 1 where it holds. */
  | { readonly kind: 'match'; readonly text: string }
);

/** All dimensions of a layout, by level: fields that no rule looks at have none. */
export function dimensionsOf(layout: Layout): readonly Dimension[] {
  const byLevel: Dimension[] = [];
  for (const field of layout.fields) {
    const axis = layout.axis(field);
    for (let depth = 0; depth < axis.width; depth += 1) byLevel[axis.level + depth] = { kind: 'field', field, axis };
  }
  const single = (level: number): { readonly axis: Axis } => ({ axis: { level, width: 1, size: 2 } });
  for (const bit of layout.markBits) {
    for (const field of ['mark', 'connmark'] as const) {
      const level = layout.markLevel(field, bit);
      byLevel[level] = { kind: 'bit', field, bit, ...single(level) };
    }
  }
  for (const { level, text } of layout.variables) byLevel[level] = { kind: 'match', text, ...single(level) };
  return byLevel;
}

/** Calls for each run of codes of the topmost field of a function that leads to the same rest, in order. */
export function eachRun(
  diagram: Diagram,
  node: Node,
  { level, width, size }: Axis,
  call: (first: number, last: number, rest: Node) => void,
): void {
  let [first, last, before]: [number, number, Node | null] = [0, -1, null];
  const visit = (at: Node, depth: number, code: number): void => {
    const from = code << (width - depth);
    if (from >= size) return;
    const own = diagram.level(at);
    if (own >= level + width) {
      if (before === null) [first, before] = [from, at];
      else if (before !== at) {
        call(first, last, before);
        [first, before] = [from, at];
      }
      last = Math.min(size, (code + 1) << (width - depth)) - 1;
      return;
    }
    const tests = own === level + depth;
    visit(tests ? diagram.lo(at) : at, depth + 1, code * 2);
    visit(tests ? diagram.hi(at) : at, depth + 1, code * 2 + 1);
  };
  visit(node, 0, 0);
  if (before !== null) call(first, last, before);
}
