import { type Family, formatAddress } from '../../model/net/index.ts';
import type { Hook } from '../../model/packet/index.ts';
import { type Diagram, leaf, type Node, none } from '../space/index.ts';
import type { Change, Firewall, Layout, Space, Stop } from '../symbolic/index.ts';
import { type Region, regionsOf } from './regions.ts';

/** Packets that both firewalls let pass a built-in chain, and that leave it otherwise. */
export interface RewriteDifference {
  readonly table: string;
  readonly chain: string;
  /** In terms of the packet as it comes to the chain. */
  readonly region: Region;
  /** What the chain does to the packet, in words: `dst 192.0.2.7, dport 80`. */
  readonly before: string;
  readonly after: string;
}

/** Where two firewalls translate, mark or otherwise change packets differently. */
export interface RewriteDifferences {
  /** By chain in the order in which packets meet them, biggest first. */
  readonly differences: readonly RewriteDifference[];
  /** More were found than are listed. */
  readonly more: boolean;
}

/**
 * How the first two firewalls of a space change packets that pass.
 *
 * @param most regions in all.
 * @throws OverBudget
 */
export function rewritesOf(space: Space, most = 50): RewriteDifferences {
  const { diagram, endings, changes, layout } = space;
  const [first, second] = space.firewalls;
  if (first === undefined || second === undefined) throw new Error('a difference is one of two firewalls');
  const same = leaf(2 + changes.unchanged.id);
  const differences: RewriteDifference[] = [];
  let more = false;
  for (const { hook, table, chain, possible } of places()) {
    if ([first, second].every((firewall) => changesNothing(stopAt(firewall, hook, table, chain)))) continue;
    const [f, g] = [first, second].map((firewall) => changeAt(firewall, hook, table, chain)) as [Node, Node];
    if (f === g) continue;
    const pairs = new Map<Node, readonly [number, number]>();
    const different = differing(diagram, f, g, pairs);
    for (const value of diagram.leaves(diagram.mask(possible, different))) {
      const pair = pairs.get(leaf(value));
      if (pair === undefined) continue;
      const set = diagram.where(different, (other) => other === value);
      const { regions, left, share } = regionsOf(space, set, { possible, most: most - differences.length });
      more ||= left > share / 1e9;
      const [before, after] = pair.map((id) => changeWords(layout, changes.byId(id))) as [string, string];
      for (const region of regions) differences.push({ table, chain, region, before, after });
      if (differences.length >= most) return { differences, more: true };
    }
  }
  return { differences, more };

  /** Built-in chains that either has, each once, with the packets that may come to it. */
  function places(): readonly { hook: Hook; table: string; chain: string; possible: Node }[] {
    const list = new Map<string, { hook: Hook; table: string; chain: string; possible: Node }>();
    for (const hook of ['forward', 'input', 'output'] as const)
      for (const firewall of [first, second])
        for (const { table, chain } of (firewall as Firewall).way(hook).stops) {
          const possible = unmarked((firewall as Firewall).possible(hook));
          const before = list.get(`${table.name} ${chain.name}`);
          list.set(`${table.name} ${chain.name}`, {
            hook: before?.hook ?? hook,
            table: table.name,
            chain: chain.name,
            possible: before === undefined ? possible : diagram.first(before.possible, possible),
          });
        }
    return [...list.values()];
  }

  /** Leaves are the changes of packets that pass; `none` where they do not. */
  function changeAt(firewall: Firewall, hook: Hook, table: string, chain: string): Node {
    const stop = stopAt(firewall, hook, table, chain);
    if (stop === undefined) return same;
    const through = diagram.mapLeaves(stop.through, (value) => {
      const ending = endings.of(value);
      return ending.kind === 'decided' && ending.decision.verdict === 'ACCEPT' ? leaf(2 + ending.change.id) : none;
    });
    return diagram.choose(stop.meets, through, same);
  }

  function stopAt(firewall: Firewall, hook: Hook, table: string, chain: string): Stop | undefined {
    return firewall.way(hook).stops.find((one: Stop) => one.table.name === table && one.chain.name === chain);
  }

  function changesNothing(stop: Stop | undefined): boolean {
    if (stop === undefined) return true;
    for (const value of diagram.leaves(stop.through)) {
      const ending = value < 2 ? null : endings.of(value);
      if (ending?.kind === 'decided' && ending.change !== changes.unchanged) return false;
    }
    return true;
  }

  /** The same packets with any marks: earlier chains may have given them some. */
  function unmarked(set: Node): Node {
    const known = new Map<Node, Node>();
    const firstMark = layout.firstVariable - 2 * layout.markBits.length;
    const visit = (node: Node): Node => {
      if (node < 0) return node;
      const before = known.get(node);
      if (before !== undefined) return before;
      const [lo, hi] = [visit(diagram.lo(node)), visit(diagram.hi(node))];
      const level = diagram.level(node);
      const made = level >= firstMark && level < layout.firstVariable ? diagram.first(lo, hi) : diagram.make(level, lo, hi);
      known.set(node, made);
      return made;
    };
    return visit(set);
  }
}

/** Where both say something, and not the same; `pairs` learns which leaf stands for which two. */
function differing(diagram: Diagram, f: Node, g: Node, pairs: Map<Node, readonly [number, number]>): Node {
  const operation = diagram.operation();
  const leaves = new Map<string, Node>();
  const visit = (one: Node, other: Node): Node => {
    if (one === other || one === none || other === none) return none;
    if (one < 0 && other < 0) {
      const key = `${one} ${other}`;
      let made = leaves.get(key);
      if (made === undefined) {
        made = leaf(2 + leaves.size);
        leaves.set(key, made);
        pairs.set(made, [~one - 2, ~other - 2]);
      }
      return made;
    }
    const known = diagram.recall(operation, one, other);
    if (known !== undefined) return known;
    const [levelOne, levelOther] = [diagram.level(one), diagram.level(other)];
    const level = Math.min(levelOne, levelOther);
    const lo = visit(levelOne === level ? diagram.lo(one) : one, levelOther === level ? diagram.lo(other) : other);
    const hi = visit(levelOne === level ? diagram.hi(one) : one, levelOther === level ? diagram.hi(other) : other);
    return diagram.remember(operation, one, other, diagram.make(level, lo, hi));
  };
  return visit(f, g);
}

function changeWords(layout: Layout, { fields, marks, rewrites }: Change): string {
  const words: string[] = [];
  for (const [field, recoding] of fields) {
    if (field === 'exempt') words.push('not tracked');
    else if (field === 'template') words.push('tracked as CT says');
    else if (field === 'src' || field === 'dst')
      words.push(
        recoding.kind === 'to'
          ? `${field} ${addressWords(layout.family, layout.addressesOf(field, recoding.code))}`
          : `${field} mapped`,
      );
    else if (field === 'sport' || field === 'dport') {
      const values = recoding.kind === 'to' ? layout.numbersOf(field, recoding.code) : null;
      words.push(
        values === null
          ? `${field} made up anew`
          : `${field} ${values[0] === values[1] ? values[0] : `${values[0]}-${values[1]}`}`,
      );
    } else if (field === 'ttl') words.push('another TTL');
  }
  if (marks !== null)
    for (const [odd, name] of [
      [0, 'mark'],
      [1, 'connmark'],
    ] as const) {
      let [mask, value, others] = [0, 0, false];
      for (let bit = 0; bit < 32; bit += 1) {
        const row = 2 * bit + odd;
        const [ofMark, ofConnmark] = [marks.ofMark[row] as number, marks.ofConnmark[row] as number];
        const own = odd === 0 ? ofMark : ofConnmark;
        const foreign = odd === 0 ? ofConnmark : ofMark;
        if (own === 0 && foreign === 0) {
          mask = (mask | (1 << bit)) >>> 0;
          if (marks.flips[row] === 1) value = (value | (1 << bit)) >>> 0;
        } else if (own !== (1 << bit) >>> 0 || foreign !== 0 || marks.flips[row] === 1) others = true;
      }
      if (mask !== 0) words.push(`${name} 0x${value.toString(16)}${mask === 0xffffffff ? '' : `/0x${mask.toString(16)}`}`);
      if (others) words.push(`${name} computed`);
    }
  if (words.length === 0) return rewrites === 0 ? 'unchanged' : 'changed where no field tells';
  return words.join(', ');
}

function addressWords(family: Family, [lo, hi]: readonly [bigint, bigint]): string {
  const one = (value: bigint): string => formatAddress({ family, value });
  return lo === hi ? one(lo) : `${one(lo)}-${one(hi)}`;
}
