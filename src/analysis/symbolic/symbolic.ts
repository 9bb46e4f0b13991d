import type { Family } from '../../model/net/index.ts';
import type { Constraint, Hook } from '../../model/packet/index.ts';
import type { Chain, Rule, Ruleset } from '../../model/ruleset/index.ts';
import { backendOf } from '../evaluate/hooks.ts';
import { rulesOf } from '../evaluate/rules.ts';
import type { Surroundings } from '../evaluate/surroundings.ts';
import { Diagram, type Node } from '../space/index.ts';
import { type Chains, createChains } from './chains.ts';
import { type Changes, createChanges } from './change.ts';
import { createEffects } from './effects.ts';
import { createEndings, type Endings } from './ending.ts';
import { gatherRules } from './gathering.ts';
import { createImage, type Image } from './image.ts';
import { gather, gathering, type Layout, layOut } from './layout.ts';
import type { Matching } from './match.ts';
import { createMatching } from './matching.ts';
import { unassembled } from './reassembly.ts';
import { possiblePackets } from './validity.ts';
import { createWay, type Way } from './way.ts';

/** The rules of one host and family as functions of a packet. */
export interface Firewall {
  readonly ruleset: Ruleset;
  readonly surroundings: Surroundings;
  readonly matching: Matching;
  readonly chains: Chains;
  way(hook: Hook): Way;
  /** Packets that can exist on a way. */
  possible(hook: Hook): Node;
}

/** One packet space, in which the rules of one or several hosts are functions: only then can they be compared. */
export interface Space {
  readonly family: Family;
  readonly diagram: Diagram;
  readonly layout: Layout;
  readonly changes: Changes;
  readonly endings: Endings;
  readonly image: Image;
  readonly firewalls: readonly Firewall[];
}

/** What of a host the rules are read with. */
export interface Source {
  readonly ruleset: Ruleset;
  readonly surroundings: Surroundings;
  /** Values that questions tell apart beyond what the rules do. */
  readonly apart?: readonly Constraint[];
  /**
   * What names a rule's own answers (those of a limit) in place of its chain and its words: rules of two rulesets that share a
   * name share their answers. `null`: as ever.
   */
  readonly nameOf?: (table: string, rule: Rule) => string | null;
}

/**
 * @param budget nodes; beyond, whatever is asked throws {@link OverBudget}.
 */
export function createSpace(family: Family, sources: readonly Source[], budget?: number): Space {
  const gathered = gathering(family);
  for (const { ruleset, surroundings, apart } of sources) {
    gatherRules(ruleset, surroundings, gathered);
    for (const constraint of apart ?? []) gather(constraint, gathered);
  }
  const layout = layOut(gathered, topOf(sources));
  const diagram = new Diagram(budget, nodesEach * rulesIn(sources));
  const endings: Endings = createEndings(() => changes);
  const changes: Changes = createChanges(diagram, layout, (value, change) => endings.behind(value, change));
  const firewalls = sources.map(({ ruleset, surroundings, nameOf }): Firewall => {
    const matching = createMatching(diagram, layout, surroundings, gathered.tracking);
    const chains = createChains(ruleset, matching, changes, createEffects(matching, changes, endings), endings, nameOf);
    const ways = new Map<Hook, Way>();
    const possible = new Map<Hook, Node>();
    return {
      ruleset,
      surroundings,
      matching,
      chains,
      way(hook) {
        let way = ways.get(hook);
        if (way === undefined) {
          way = createWay(ruleset, backendOf(ruleset), hook, matching, changes, endings, chains);
          ways.set(hook, way);
        }
        return way;
      },
      possible(hook) {
        let set = possible.get(hook);
        if (set === undefined) {
          set = diagram.mask(unassembled(ruleset, hook, matching), possiblePackets(matching, hook));
          possible.set(hook, set);
        }
        return set;
      },
    };
  });
  return { family, diagram, layout, changes, endings, image: createImage(diagram, layout), firewalls };
}

/** Few rulesets need fewer nodes a rule. */
const nodesEach = 12;

function rulesIn(sources: readonly Source[]): number {
  return sources.reduce((sum, { ruleset }) => sum + ruleset.tables.reduce((of, { rules }) => of + rules.length, 0), 0);
}

/** So many rules by address say enough of an order. */
const enough = 50;

/**
 * The address by which rules tell packets apart first: it leads to the fewest different rests if it stands on top. Rules of
 * built-in chains count first, then those of the chains that they call, and so on.
 */
function topOf(sources: readonly Source[]): 'src' | 'dst' {
  let chains = sources.flatMap(({ ruleset }) =>
    ruleset.tables.flatMap((table) => [...table.chains.values()].filter(isBuiltin).map((chain) => ({ ruleset, table, chain }))),
  );
  const met = new Set<Chain>();
  const seen = { src: 0, dst: 0 };
  while (chains.length > 0 && seen.src + seen.dst < enough) {
    const called: typeof chains = [];
    for (const { ruleset, table, chain } of chains) {
      for (const { constraint, effect } of rulesOf(ruleset, chain)) {
        for (const part of constraint.kind === 'all' ? constraint.of : [constraint])
          if (part.kind === 'address' && (part.field === 'src' || part.field === 'dst')) seen[part.field] += 1;
        const target = effect.kind === 'jump' ? table.chains.get(effect.chain) : undefined;
        if (target === undefined || met.has(target)) continue;
        met.add(target);
        called.push({ ruleset, table, chain: target });
      }
    }
    chains = called;
  }
  return seen.dst > seen.src ? 'dst' : 'src';
}

const builtins: ReadonlySet<string> = new Set(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']);

function isBuiltin({ name }: Chain): boolean {
  return builtins.has(name);
}
