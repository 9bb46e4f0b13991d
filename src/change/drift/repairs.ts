import type { Backend, Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { type Chain, isBuiltin, lineText, type Rule, type Ruleset, ruleMeaning, type Table } from '../../model/ruleset/index.ts';
import { ownPrefix } from '../../policy/index.ts';
import { type OwnJump, type OwnTable, ownOf } from '../apply/own.ts';
import { type Transaction, transactionsOf } from '../apply/transaction.ts';
import type { OwnRecord } from '../history/record.ts';
import { openChain } from '../plan/others.ts';
import type { Difference } from './difference.ts';
import type { Drift, Moment } from './drift.ts';
import { isDrift, type Owners, ownersOf } from './owner.ts';
import { editsBetween } from './sequence.ts';

/** What `iptables-restore --noflush` reads to put one family's rules back. */
export interface Repair {
  readonly family: Family;
  readonly backend: Backend;
  readonly transactions: readonly Transaction[];
}

/** A rule that somebody put into a built-in chain. */
export interface StrangeRule {
  readonly family: Family;
  readonly table: string;
  readonly rule: Rule;
}

/**
 * Rules that somebody added to built-in chains, in the backend that the policy is in: they can be taken away again, if they let in what was
 * kept out.
 */
export function strangeRules(drift: Drift, now: Moment, own: Pick<OwnRecord, 'backend'>): readonly StrangeRule[] {
  return drift.differences.flatMap((one) => {
    const isTheirs = one.kind === 'rule-added' && one.drift && one.owner.kind === 'unknown' && one.backend === own.backend;
    if (!isTheirs || !isBuiltin(one.table, one.chain)) return [];
    const rule = rulesetOf(now.host, one.family, one.backend)
      ?.tables.find(({ name }) => name === one.table)
      ?.chains.get(one.chain)?.rules[one.at - 1];
    return rule === undefined ? [] : [{ family: one.family, table: one.table, rule }];
  });
}

/**
 * What puts palisade's own chains, jumps and policies back as they were confirmed, and takes away the rules that are named, each by its words
 * and as often as it is to go: where somebody was faster, nothing of the table is written. What others have is left as it is, and in its
 * order, but that an own jump comes before what somebody put in front of it to let packets pass by.
 */
export function repairsOf(
  baseline: Moment,
  now: Moment,
  drift: Drift,
  own: Pick<OwnRecord, 'backend' | 'families'>,
  removed: readonly StrangeRule[],
): readonly Repair[] {
  const owners = ownersOf([baseline.host, now.host], now.host.readAt);
  const { backend } = own;
  return ([4, 6] as const).flatMap((family) => {
    const [was, is] = [rulesetOf(baseline.host, family, backend), rulesetOf(now.host, family, backend)];
    if (was === null || is === null) return [];
    const of = drift.differences.filter((one) => 'backend' in one && one.family === family && one.backend === backend);
    const gone = removed.filter((one) => one.family === family && isFirst(is, one, removed));
    const transactions = [...new Set([...was.tables, ...is.tables].map(({ name }) => name))].flatMap((table) => {
      const out = gone.filter((one) => one.table === table).map(({ rule }) => rule);
      const touched = of.some((one) => 'backend' in one && one.table === table && one.drift);
      if (!touched) return [];
      const declared = own.families[family].find((one) => one.table === table)?.policies;
      return tableRepairs({ table, was, is, out: new Set(out), declared }, owners);
    });
    return transactions.length === 0 ? [] : [{ family, backend, transactions }];
  });
}

function rulesetOf({ backends }: Host, family: Family, backend: Backend): Ruleset | null {
  const of = backends[family];
  return of.known ? of.value[backend] : null;
}

/** `-D` takes the first of several that are the same: only where that is one which is to go, it is the right one. */
function isFirst(ruleset: Ruleset, { table, rule }: StrangeRule, removed: readonly StrangeRule[]): boolean {
  const chain = ruleset.tables.find(({ name }) => name === table)?.chains.get(rule.chain);
  const text = lineText(ruleset, rule);
  const before = (chain?.rules ?? []).slice(0, rule.number - 1);
  return before.every((one) => lineText(ruleset, one) !== text || removed.some((other) => other.rule === one));
}

interface TableDrift {
  readonly table: string;
  readonly was: Ruleset;
  readonly is: Ruleset;
  readonly out: ReadonlySet<Rule>;
  /** Policies that are palisade's to keep. */
  readonly declared: ReadonlyMap<string, string> | undefined;
}

function tableRepairs({ table, was, is, out, declared }: TableDrift, owners: Owners): readonly Transaction[] {
  const tableIn = (ruleset: Ruleset): Table | undefined => ruleset.tables.find(({ name }) => name === table);
  const ownIn = (ruleset: Ruleset): OwnTable =>
    ownOf(ruleset).find((one) => one.table === table) ?? { table, policies: new Map(), chains: new Map(), jumps: [] };
  const [old, now] = [ownIn(was), ownIn(is)];
  const chains = new Set([...old.jumps, ...now.jumps].map(({ from }) => from));
  const jumps = [...chains].flatMap((chain) => {
    const there = tableIn(is)?.chains.get(chain);
    // Where another program's chain is gone, nothing can lead from it.
    if (there === undefined && !isBuiltin(table, chain)) return [];
    return jumpsOf(
      { table, chain, was: rulesIn(was, tableIn(was)?.chains.get(chain)), is: rulesIn(is, there), out },
      old.jumps.filter(({ from }) => from === chain),
      now.jumps.filter(({ from }) => from === chain),
      owners,
    );
  });
  const policies = new Map(
    [...(declared?.keys() ?? [])].flatMap((chain) => {
      const policy = old.policies.get(chain);
      return policy === undefined ? [] : [[chain, policy] as const];
    }),
  );
  const wanted: OwnTable = { table, policies, chains: old.chains, jumps };
  // What goes is gone before jumps are put in their places.
  const [own] = transactionsOf(
    [{ ...now, jumps: now.jumps.map((jump) => ({ ...jump, position: placeWithout(is, table, jump, out) })) }],
    [wanted],
  );
  const gone = [...out].map((rule) => lineText(is, rule).replace(/^-A /, '-D '));
  if (own === undefined && gone.length === 0) return [];
  const lines = (own?.text ?? `*${table}\nCOMMIT\n`).split('\n');
  const heads = lines.findIndex((line, index) => index > 0 && !line.startsWith(':'));
  return [{ table, text: lines.toSpliced(heads, 0, ...gone).join('\n') }];
}

/** Where a jump comes to stand once other rules are gone. */
function placeWithout(ruleset: Ruleset, table: string, { from, position }: OwnJump, out: ReadonlySet<Rule>): number {
  const rules = ruleset.tables.find(({ name }) => name === table)?.chains.get(from)?.rules ?? [];
  return position - rules.slice(0, position - 1).filter((rule) => out.has(rule)).length;
}

interface Line {
  readonly ruleset: Ruleset;
  readonly rule: Rule;
  readonly text: string;
}

function rulesIn(ruleset: Ruleset, chain: Chain | undefined): readonly Line[] {
  return (chain?.rules ?? []).map((rule) => ({ ruleset, rule, text: lineText(ruleset, rule) }));
}

interface ChainDrift {
  readonly table: string;
  readonly chain: string;
  readonly was: readonly Line[];
  readonly is: readonly Line[];
  readonly out: ReadonlySet<Rule>;
}

/** The jumps of one chain in the places that they are to have: where they stand, unless that is wrong. */
function jumpsOf(
  { table, was, is, out }: ChainDrift,
  wanted: readonly OwnJump[],
  there: readonly OwnJump[],
  owners: Owners,
): readonly OwnJump[] {
  const left = is.filter(({ rule }) => !out.has(rule));
  const [old, now] = [was, left].map((lines) => lines.filter((line) => !isOwnJump(line)));
  if (old === undefined || now === undefined) return wanted;
  const items = (lines: readonly Line[]) =>
    lines.map(({ ruleset, rule, text }) => ({ key: text, weighs: isDrift(owners.ofRule(ruleset, table, rule)) }));
  const { kept, moved } = editsBetween(items(old), items(now));
  const known = new Set([...kept, ...moved].map(([, index]) => index));
  const stays = (index: number): boolean => {
    const line = now[index] as Line;
    return known.has(index) || !isDrift(owners.ofRule(line.ruleset, table, line.rule)) || onlyDenies(line);
  };
  const strange = now.findIndex((_, index) => !stays(index));
  const end = strange < 0 ? now.length : strange;
  const sameJumps = wanted.length === there.length && wanted.every(({ text }, index) => text === there[index]?.text);
  const places = wanted.map((jump, index) => {
    const before = was.slice(0, jump.position - 1).filter((line) => !isOwnJump(line)).length;
    const least = Math.min(end, Math.max(0, ...kept.filter(([from]) => from < before).map(([, to]) => to + 1)));
    let most = least;
    while (most < end && !kept.some(([, to]) => to === most) && !moved.some(([, to]) => to === most)) most += 1;
    const jumpNow = there[index];
    const stands =
      jumpNow === undefined
        ? -1
        : left
            .slice(
              0,
              left.findIndex(({ rule }) => rule.number === jumpNow.position),
            )
            .filter((line) => !isOwnJump(line)).length;
    return sameJumps && stands >= least && stands <= most ? stands : most;
  });
  return wanted.map((jump, index) => ({ ...jump, position: (places[index] ?? 0) + index + 1 }));
}

function isOwnJump({ ruleset, rule }: Line): boolean {
  const { effect } = ruleMeaning(ruleset, rule);
  return effect.kind === 'jump' && effect.chain.startsWith(ownPrefix);
}

/** What stands before a policy without letting anybody in. */
function onlyDenies({ ruleset, rule }: Line): boolean {
  const { effect } = ruleMeaning(ruleset, rule);
  if (effect.kind === 'verdict') return effect.verdict === 'DROP' || effect.verdict === 'REJECT';
  return effect.kind === 'log' || effect.kind === 'continue' || (effect.kind === 'jump' && effect.chain === openChain);
}

/** Own sets whose members, or that, somebody changed: by name. */
export function setsToMend(differences: readonly Difference[]): readonly string[] {
  return differences.flatMap((one) => ('set' in one && one.drift && one.owner.kind === 'own' ? [one.set] : []));
}
