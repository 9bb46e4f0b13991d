import { builtinChains } from '../ruleset.ts';
import { type Refusal, refused } from './command.ts';
import type { RuleState, TableState } from './firewall.ts';

/** NFT_JUMP_STACK_SIZE of include/net/netfilter/nf_tables.h: so many chains deep, and no deeper. */
const deepest = 16;

/**
 * What the kernel itself refuses when a table is loaded: loops, jumps that go too deep, and extensions in places that are
 * not theirs (net/ipv4/netfilter/ip_tables.c, mark_source_chains; net/netfilter/nf_tables_api.c, nft_chain_validate).
 */
export function unloadable(table: TableState, backend: 'nft' | 'legacy'): Refusal | null {
  const rules = [...table.chains.values()].flatMap((chain) => chain.rules.filter(isTelling));
  for (const { says, text } of rules) {
    const wrong = says.placements.find(({ tables }) => tables !== null && !tables.includes(table.name));
    if (wrong !== undefined) return misplaced(text, wrong.tables?.map((name) => `table ${name}`) ?? []);
  }
  if (rules.length === 0) return null;
  for (const hook of builtinChains[table.name] ?? []) {
    const seen = new Map<string, number>();
    const found = visit(table, hook, { hook, path: [], seen, backend });
    if (found !== null) return found;
  }
  return null;
}

/** Most rules say nothing that the others must know. */
export function isTelling({ says }: RuleState): boolean {
  return says.jump !== null || says.placements.length > 0;
}

interface Visit {
  readonly hook: string;
  readonly path: readonly string[];
  /** Chains that were found good, by how deep they were. */
  readonly seen: Map<string, number>;
  readonly backend: 'nft' | 'legacy';
}

function visit(table: TableState, name: string, way: Visit): Refusal | null {
  const { hook, path, seen, backend } = way;
  if (path.includes(name)) return refused(`chain ${name} would reach itself`, 'the kernel takes no loops: leave out the jump');
  if (backend === 'nft' && path.length >= deepest)
    return refused(`chain ${name} would be reached over ${path.length} jumps`, `the kernel takes ${deepest - 1} at most`);
  if ((seen.get(name) ?? -1) >= path.length) return null;
  for (const { says, text } of table.chains.get(name)?.rules ?? []) {
    const wrong = says.placements.find(({ hooks }) => hooks !== null && !hooks.includes(hook));
    if (wrong !== undefined) return misplaced(text, wrong.hooks ?? []);
    if (says.jump !== null) {
      const found = visit(table, says.jump.chain, { ...way, path: [...path, name] });
      if (found !== null) return found;
    }
    // The legacy kernel looks no further than packets get.
    if (backend === 'legacy' && says.ends) break;
  }
  seen.set(name, path.length);
  return null;
}

function misplaced(text: string, places: readonly string[]): Refusal {
  const where = places.length === 0 ? 'take another one' : `its place is ${places.join(', ')}`;
  return refused(`the kernel does not take "${text}" here`, where);
}
