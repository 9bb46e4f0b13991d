import type { Backend } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { builtinChains, type Chain, type Ruleset, type Table } from '../../model/ruleset/index.ts';
import { bareText, type ChainDrift, chainBetween } from './chain.ts';
import type { Difference } from './difference.ts';
import { isDrift, type Owner, type Owners } from './owner.ts';

/** Whose a built-in chain's policy is. */
export type PolicyOwner = (table: string, chain: string, before: string, after: string) => Owner;

export interface RulesDrift {
  readonly differences: readonly Difference[];
  /** The save of the rules as they now stand, but for what drifted, which is as it was. */
  readonly undone: () => string;
}

/**
 * Rules, chains and policies that tell two rulesets of one family and backend apart, without counters, chain by chain. A table that is not
 * there is one that accepts everything.
 */
export function rulesBetween(
  backend: Backend,
  before: Ruleset,
  after: Ruleset,
  owners: Owners,
  policyOwner: PolicyOwner,
): RulesDrift {
  if (before.text === after.text) return { differences: [], undone: () => after.text };
  const names = [...new Set([...before.tables, ...after.tables].map(({ name }) => name))];
  const tables = names.map((table) => tableBetween({ backend, table, before, after }, owners, policyOwner));
  return {
    differences: tables.flatMap(({ differences }) => differences),
    undone: () => tables.map(({ undone }) => undone()).join(''),
  };
}

interface TwoTables {
  readonly backend: Backend;
  readonly table: string;
  readonly before: Ruleset;
  readonly after: Ruleset;
}

function tableBetween(two: TwoTables, owners: Owners, policyOwner: PolicyOwner): RulesDrift {
  const { backend, table, before, after } = two;
  const { family } = after;
  const [old, now] = [before, after].map((ruleset) => ruleset.tables.find(({ name }) => name === table));
  const chains = chainsOf(old, now).map((chain) => {
    const [was, is] = [old?.chains.get(chain), now?.chains.get(chain)];
    const itself = chainItself({ family, backend, table, chain }, was, is, owners, policyOwner);
    const rules = chainBetween(
      {
        backend,
        table,
        chain,
        before: { ruleset: before, rules: was?.rules ?? [] },
        after: { ruleset: after, rules: is?.rules ?? [] },
      },
      owners,
    );
    return { chain, was, is, itself, rules };
  });
  const inside = chains.flatMap(({ itself, rules }) => [...(itself === null ? [] : [itself]), ...(rules?.differences ?? [])]);
  return {
    differences: [...tableItself(family, backend, table, old, now, inside), ...inside],
    undone: () => textOf(table, after, chains),
  };
}

/** A table that appears, or goes, with something in it. */
function tableItself(
  family: Family,
  backend: Backend,
  table: string,
  old: Table | undefined,
  now: Table | undefined,
  inside: readonly Difference[],
): readonly Difference[] {
  const [first] = inside;
  if (first === undefined || (old === undefined) === (now === undefined)) return [];
  const telling = inside.find(({ drift }) => drift) ?? first;
  const kind = old === undefined ? 'table-added' : 'table-removed';
  return [{ kind, family, backend, table, owner: telling.owner, drift: telling.drift }];
}

function chainsOf(old: Table | undefined, now: Table | undefined): readonly string[] {
  return [...new Set([...(old?.chains.keys() ?? []), ...(now?.chains.keys() ?? [])])];
}

/** Whether the chain is there, and its policy. */
function chainItself(
  place: { readonly family: Family; readonly backend: Backend; readonly table: string; readonly chain: string },
  was: Chain | undefined,
  is: Chain | undefined,
  owners: Owners,
  policyOwner: PolicyOwner,
): Difference | null {
  const { table, chain } = place;
  if (builtinChains[table]?.includes(chain) === true) {
    const [before, after] = [was?.policy ?? 'ACCEPT', is?.policy ?? 'ACCEPT'];
    if (before === after) return null;
    const owner = policyOwner(table, chain, before, after);
    return { kind: 'policy-changed', ...place, before, after, owner, drift: isDrift(owner) };
  }
  if ((was === undefined) === (is === undefined)) return null;
  const owner = owners.ofChain(chain);
  return { kind: was === undefined ? 'chain-added' : 'chain-removed', ...place, owner, drift: isDrift(owner) };
}

interface Compared {
  readonly chain: string;
  readonly was: Chain | undefined;
  readonly is: Chain | undefined;
  readonly itself: Difference | null;
  readonly rules: ChainDrift | null;
}

function textOf(table: string, after: Ruleset, chains: readonly Compared[]): string {
  // What a program took away stays away; what drifted away is there again, and what drifted here is not.
  const isBuiltin = (chain: string): boolean => builtinChains[table]?.includes(chain) === true;
  const there = chains.flatMap(({ chain, is, itself, rules: of }) => {
    const rules = of?.undone() ?? (is?.rules ?? []).map((rule) => bareText(after, rule));
    const policy = itself?.kind === 'policy-changed' && itself.drift ? itself.before : (is?.policy ?? 'ACCEPT');
    const stays = rules.length > 0 || isBuiltin(chain) || (is !== undefined) !== (itself?.drift === true);
    return stays ? [{ head: `:${chain} ${isBuiltin(chain) ? policy : '-'} [0:0]`, rules }] : [];
  });
  return [`*${table}`, ...there.map(({ head }) => head), ...there.flatMap(({ rules }) => rules), 'COMMIT', ''].join('\n');
}
