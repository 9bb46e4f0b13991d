import { type ClockField, clockFields } from '../../model/packet/index.ts';
import { clockText } from '../evaluate/unsaid-text.ts';
import { grouped, leaf, type Node, none, splitBy, withoutNeed } from '../space/index.ts';
import type { Layout, Space } from '../symbolic/index.ts';
import type { Arrivals, Goal } from './arrivals.ts';
import { numberWords } from './conditions.ts';

/** What becomes of packets of which addresses, protocol and port are settled. */
export interface Residue {
  /** REFUSED: whatever else they are. */
  readonly verdict: 'ACCEPT' | 'DEPENDS' | 'REFUSED';
  readonly conditions: readonly string[];
  /** Where those go that are accepted. */
  readonly goals: readonly Goal[];
  /** Verdicts of those that are not. */
  readonly refused: readonly string[];
}

const fieldWords = {
  sport: 'source port',
  icmpCode: 'ICMP code',
  mac: 'MAC address',
  length: 'length',
  ttl: 'TTL',
  tos: 'TOS',
  pktType: 'packet type',
  weekday: 'day of the week',
  monthday: 'day of the month',
  second: 'time of day',
  date: 'date',
  out: 'leaving by',
} as const;
type RestField = keyof typeof fieldWords;

export function residueOf(space: Space, { of }: Arrivals, last: Node): Residue {
  const { diagram, layout } = space;
  let rest = last;
  const fields = Object.keys(fieldWords) as RestField[];
  for (const field of fields) rest = withoutNeed(diagram, rest, layout.axis(field));
  for (const { level } of layout.variables) rest = withoutNeed(diagram, rest, { level, width: 1 });
  const outcomes = [...diagram.leaves(rest)].filter((value) => value !== 0).map(of);
  const accepted = outcomes.filter(({ verdict }) => verdict === 'ACCEPT');
  const refused = [...new Set(outcomes.filter(({ verdict }) => verdict !== 'ACCEPT').map(({ verdict }) => verdict))];
  const goals = accepted.map(({ goal }) => goal).sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1));
  if (accepted.length === 0) return { verdict: 'REFUSED', conditions: [], goals: [], refused };
  if (refused.length === 0) return { verdict: 'ACCEPT', conditions: [], goals, refused };
  // Where the packet goes is no condition of its being accepted.
  const accepts = diagram.where(rest, (value) => value !== 0 && of(value).verdict === 'ACCEPT');
  const open = diagram.where(rest, (value) => value === 0);
  return { verdict: 'DEPENDS', conditions: conditionsOf(space, accepts, open), goals, refused };
}

/** By which goals are put in order. */
function nameOf(goal: Goal): string {
  return goal.kind === 'published' ? `${goal.kind} ${goal.address} ${goal.port}` : goal.kind;
}

/** Fields and matches that acceptance hangs on; the values of a field, if it alone decides. */
function conditionsOf({ diagram, layout }: Space, accepts: Node, open: Node): readonly string[] {
  let plain = diagram.without(
    diagram.mapLeaves(accepts, (value) => leaf(value + 1)),
    open,
  );
  // What only tells for which packets there is an answer is no condition.
  for (const field of Object.keys(fieldWords) as RestField[]) plain = withoutNeed(diagram, plain, layout.axis(field));
  for (const { level } of layout.variables) plain = withoutNeed(diagram, plain, { level, width: 1 });
  const found: string[] = [];
  for (const field of Object.keys(fieldWords) as RestField[]) {
    const axis = layout.axis(field);
    if (!looksAt(diagram, plain, axis)) continue;
    const runs = grouped(splitBy(diagram, accepts, axis), axis.size);
    const values = runs.size === 2 && runs.has(none) ? [...runs].find(([rest]) => rest !== none)?.[1] : undefined;
    if (values === undefined) found.push(fieldWords[field]);
    else if (isClock(field))
      found.push(
        clockText(
          field,
          values.map((codes) => valuesOf(layout, field, codes)),
        ),
      );
    else found.push(`${fieldWords[field]} ${values.map((codes) => valueWords(layout, field, codes)).join(', ')}`);
  }
  for (const { level, text } of layout.variables)
    if (looksAt(diagram, plain, { level, width: 1 }) && !found.includes(text)) found.push(text);
  return found;
}

function looksAt(
  diagram: Space['diagram'],
  f: Node,
  { level, width }: { readonly level: number; readonly width: number },
): boolean {
  let found = false;
  diagram.visit(f, (node) => {
    const own = diagram.level(node);
    if (own >= level && own < level + width) found = true;
    return !found && own < level;
  });
  return found;
}

function valueWords(layout: Layout, field: RestField, [lo, hi]: readonly [number, number]): string {
  if (field === 'out') {
    const names: string[] = [];
    for (let code = lo; code <= hi; code += 1)
      names.push(layout.interfaces.isOther(code) ? 'others' : layout.interfaces.nameOf(code));
    return names.join(', ');
  }
  return numberWords(field, ...valuesOf(layout, field, [lo, hi]));
}

/** First and last; that packets lack the field is no value. */
function valuesOf(
  layout: Layout,
  field: Exclude<RestField, 'out'>,
  [lo, hi]: readonly [number, number],
): readonly [number, number] {
  const absent = layout.numberCode(field, null);
  const last = hi === absent && hi > lo ? hi - 1 : hi;
  return [layout.numbersOf(field, lo)?.[0] ?? 0, layout.numbersOf(field, last)?.[1] ?? 0];
}

function isClock(field: RestField): field is RestField & ClockField {
  return (clockFields as readonly string[]).includes(field);
}
