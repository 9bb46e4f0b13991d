import { all, type Codes, type Node, none, type Runs, splitBy, within } from '../space/index.ts';
import type { Space } from '../symbolic/index.ts';
import { type Condition, conditionsOf } from './conditions.ts';
import { type Cube, grown, merged, type Part, packetsOf, union, widthOf } from './cubes.ts';
import { type Dimension, dimensionsOf, eachRun } from './dimensions.ts';
import { createHeap } from './heap.ts';
import { withoutMatches } from './open-matches.ts';
import { createShare, type Share } from './share.ts';

/** A part of a set that few words describe: the packets that meet all conditions, and no others of those that can exist. */
export interface Region {
  readonly conditions: readonly Condition[];
  /** Matches on which it hangs too whether a packet is in the set, where no single list of answers says how. */
  readonly dependsOn: readonly string[];
  /** Of all packets that can exist (see {@link Share}); what hangs on matches counts whole. */
  readonly share: number;
  /** Its packets, as far as they can exist and whatever it hangs on is so. */
  readonly packets: Node;
}

/** A set in regions that do not overlap, biggest first. */
export interface Regions {
  readonly regions: readonly Region[];
  /** Of all packets that can exist. */
  readonly share: number;
  /** Of all packets that can exist, those of the set that are in no region that is listed. */
  readonly left: number;
}

export interface RegionOptions {
  readonly possible?: Node;
  readonly most?: number;
  readonly share?: Share;
}

/** A part of what is left to be said. */
interface Open {
  readonly cube: Cube;
  /** What the set asks for behind the cube. */
  readonly rest: Node;
  /** The packets of the cube that can exist, in the set or not, as far as dimensions tell that `weight` has not counted. */
  readonly possible: Node;
  readonly weight: number;
  readonly share: number;
}

/** Sets of more nodes are said as they stand in the diagram, since to look for wider rows takes time by their size. */
const mostGrown = 10_000;

/**
 * A set as rows that people can read: fields in their own terms, biggest first.
 *
 * The set may hold packets that cannot exist, and the fewer conditions it has the shorter the rows: what `possible` rules
 * out is in no row, and never has to be said.
 *
 * @param possible packets that can exist.
 * @param most rows; with more, the smallest are left out.
 * @throws OverBudget
 */
export function regionsOf(
  space: Space,
  set: Node,
  { possible = all, most = 50, share = createShare(space.diagram, space.layout) }: RegionOptions = {},
): Regions {
  const { diagram, layout } = space;
  const whole = share(possible);
  const matches = withoutMatches(diagram, layout, set);
  const dimensions = dimensionsOf(layout);
  const exact = diagram.mask(possible, matches.f);
  const grows = diagram.count(exact) <= mostGrown;
  let open = createHeap<Open>((part) => part.share);
  let left = matches.f;
  const found: Part[] = [];
  begin();
  for (let next = widest(); next !== null && found.length < (grows ? most : most * 4 + 16); next = widest()) {
    const { rest } = next;
    if (!grows) {
      found.push({ cube: next.cube, packets: packetsOf(diagram, next.cube, possible), leaf: rest });
      continue;
    }
    const alike = diagram.where(left, (value) => ~value === rest);
    const cube = grown(diagram, next.cube, alike, possible);
    found.push({ cube, packets: packetsOf(diagram, cube, possible), leaf: rest });
    left = diagram.without(left, packetsOf(diagram, cube, all));
    begin();
  }
  const total = share(exact);
  const regions = [...Map.groupBy(found, (part) => part.leaf).values()]
    .flatMap((alike) => merged(diagram, alike))
    .map((part) => ({ ...part, share: share(part.packets) / whole }))
    .sort((one, other) => other.share - one.share)
    .slice(0, most)
    .map(({ cube, packets, leaf, share: size }): Region => {
      const { answers, dependsOn } = matches.of(leaf);
      const conditions = [...conditionsOf(layout, cube), ...answers.map((answer): Condition => ({ kind: 'match', ...answer }))];
      return { conditions, dependsOn, share: size, packets: diagram.mask(set, packets) };
    });
  return {
    regions,
    share: total / whole,
    left: Math.max(
      0,
      regions.reduce((rest, region) => rest - region.share, total / whole),
    ),
  };

  function begin(): void {
    open = createHeap<Open>((part) => part.share);
    add(new Map(), left, possible, 1);
  }

  function add(cube: Cube, rest: Node, among: Node, weight: number): void {
    const size = rest === none ? 0 : weight * share(diagram.mask(among, rest));
    if (size > 0) open.add({ cube, rest, possible: among, weight, share: size });
  }

  /** The biggest cube among what is left; `null` at the end. */
  function widest(): Open | null {
    for (let part = open.take(); part !== undefined; part = open.take()) {
      if (part.rest < 0) return part;
      expand(part);
    }
    return null;
  }

  /** Parts by what the topmost field of the rest leads to. */
  function expand({ cube, rest, possible: among, weight }: Open): void {
    const dimension = dimensions[diagram.level(rest)] as Dimension;
    const { axis } = dimension;
    const runs = new Map<Node, number[]>();
    eachRun(diagram, rest, axis, (first, last, next) => {
      const codes = runs.get(next);
      if (codes === undefined) runs.set(next, [first, last]);
      else codes.push(first, last);
    });
    const exists = splitBy(diagram, among, axis);
    const kept: { readonly next: Node; readonly codes: Codes; readonly here: Node; readonly weight: number }[] = [];
    const free: number[] = [];
    for (const [next, flat] of runs) {
      const inside: number[] = [];
      for (let at = 0; at < flat.length; at += 2) {
        const [first, last] = [flat[at] as number, flat[at + 1] as number];
        // Only what is short to say can be what no packet has: a missing port, no interface, another protocol's field.
        const cannot = flat.length <= 8 && onlyIn(exists, first, last) === none;
        (cannot ? free : inside).push(first, last);
      }
      if (inside.length === 0) continue;
      const codes = Int32Array.from(inside);
      const only = everywhere(exists, codes);
      // Where all codes leave the same packets possible, those need not be told by code: they are the same for many parts.
      if (only === null) kept.push({ next, codes, here: diagram.mask(within(diagram, axis, codes), among), weight });
      else if (only !== none) kept.push({ next, codes, here: only, weight: weight * share.of(dimension, codes) });
    }
    const [only] = kept;
    if (kept.length === 1 && only !== undefined) {
      add(cube, only.next, only.here, only.weight);
      return;
    }
    // What no packet has goes to the part that is longest to say, which it makes shorter.
    const widest = kept.reduce(
      (best, part, at) => (widthOf(part.codes) > widthOf((kept[best] as typeof part).codes) ? at : best),
      0,
    );
    for (const [at, part] of kept.entries()) {
      const own = at === widest && free.length > 0 ? union(part.codes, Int32Array.from(free)) : part.codes;
      add(new Map([...cube, [dimension, own]]), part.next, part.here, part.weight);
    }
  }
}

/** What all codes of the intervals lead to; `null` if not to the same. */
function everywhere(runs: Runs, codes: Codes): Node | null {
  let same: Node | null = null;
  for (let at = 0; at < codes.length; at += 2) {
    const here = onlyIn(runs, codes[at] as number, codes[at + 1] as number);
    if (here === null || (same !== null && here !== same)) return null;
    same = here;
  }
  return same;
}

/** What all codes from one to another lead to; `null` if not to the same. */
function onlyIn(runs: Runs, first: number, last: number): Node | null {
  let [lo, hi] = [0, runs.length - 1];
  while (lo < hi) {
    const middle = (lo + hi + 1) >> 1;
    if ((runs[middle]?.first ?? 0) <= first) lo = middle;
    else hi = middle - 1;
  }
  const run = runs[lo];
  let next = lo + 1;
  for (; next < runs.length && (runs[next]?.first ?? 0) <= last; next += 1) if (runs[next]?.rest !== run?.rest) return null;
  return run?.rest ?? null;
}
