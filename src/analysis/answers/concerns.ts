import type { Chain, Table } from '../../model/ruleset/index.ts';
import { rulesOf } from '../evaluate/rules.ts';
import { type Node, projected } from '../space/index.ts';
import type { Change, Firewall, Space, Stop } from '../symbolic/index.ts';
import { actsOf } from './visits.ts';

/**
 * What of a packet matters to rules that are still to come. Sets of packets need tell apart nothing else: which limit let a
 * packet through three chains ago changes nothing for a rule that asks for a port.
 */
export interface Concerns {
  /** The set, as far as a chain of a stop and those that it calls can tell. */
  forChain(set: Node, table: Table, chain: Chain, stop: Stop): Node;
  /** The set, as far as the stops can tell. */
  forStops(set: Node, stops: readonly Stop[]): Node;
}

/** Sets of fewer nodes are as good as they are. */
const worthwhile = 256;

export function createConcerns(space: Space, firewall: Firewall): Concerns {
  const { diagram, endings, layout } = space;
  const { ruleset, chains } = firewall;
  const ofChains = new Map<Stop, Map<Chain, Levels>>();
  const ofStops = new Map<Stop, Levels>();

  return {
    forChain: (set, table, chain, stop) => (isSmall(set) ? set : narrowed(set, [ofChain(table, chain, stop)])),
    forStops: (set, stops) => (isSmall(set) ? set : narrowed(set, stops.map(ofStop))),
  };

  function isSmall(set: Node): boolean {
    let count = 0;
    diagram.visit(set, () => {
      count += 1;
      return count < worthwhile;
    });
    return count < worthwhile;
  }

  function narrowed(set: Node, of: readonly Levels[]): Node {
    return projected(diagram, set, (level) => of.some((levels) => levels.has(representative(level))));
  }

  /** What a match says before and after a packet is rewritten counts as one. */
  function representative(level: number): number {
    if (level < layout.firstVariable) return level;
    const { pure, rewrites, key, text } = layout.variableAt(level);
    return pure && rewrites > 0 ? layout.variable(key, text, true).level : level;
  }

  function ofStop(stop: Stop): Levels {
    const before = ofStops.get(stop);
    if (before !== undefined) return before;
    const levels: Levels = new Set();
    for (const node of [stop.through, stop.sees, stop.meets, stop.spent]) note(node, levels);
    for (const change of [stop.approach, stop.sight]) noteChange(change, levels);
    add(ofChain(stop.table, stop.chain, stop), levels);
    ofStops.set(stop, levels);
    return levels;
  }

  function ofChain(table: Table, chain: Chain, stop: Stop): Levels {
    const known = ofChains.get(stop) ?? new Map<Chain, Levels>();
    ofChains.set(stop, known);
    const before = known.get(chain);
    if (before !== undefined) return before;
    const levels: Levels = new Set();
    known.set(chain, levels);
    const steady = chains.isSteady(table, chain);
    if (steady) note(chains.leaving(table, chain, stop.setting), levels);
    for (const rule of rulesOf(ruleset, chain)) {
      const { effect } = rule;
      const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
      if (steady && target === undefined && (effect.kind === 'verdict' || effect.kind === 'return') && !rule.hotdrop) continue;
      note(actsOf(space, firewall, table, chain, rule, stop), levels);
      if (!steady) note(chains.step(table, chain, rule, stop.setting), levels);
      if (target !== undefined) add(ofChain(table, target, stop), levels);
    }
    return levels;
  }

  /** All levels that a function looks at, and what its changes make new values of. */
  function note(f: Node, into: Levels): void {
    diagram.visit(f, (node) => {
      if (node >= 0) into.add(representative(diagram.level(node)));
      else if (~node > 1) {
        const ending = endings.of(~node);
        if (ending.kind !== 'broken') noteChange(ending.change, into);
      }
      return true;
    });
  }

  function noteChange({ fields, marks }: Change, into: Levels): void {
    if (marks !== null) addAll(layout.firstVariable - 2 * layout.markBits.length, layout.firstVariable, into);
    for (const [field, recoding] of fields) {
      const { level, width } = layout.axis(field);
      if (recoding.kind === 'map') addAll(level, level + width, into);
    }
  }

  function addAll(from: number, end: number, into: Levels): void {
    for (let level = from; level < end; level += 1) into.add(level);
  }

  function add(from: Levels, to: Levels): void {
    for (const level of from) to.add(level);
  }
}

type Levels = Set<number>;
