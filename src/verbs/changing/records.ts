import { join } from 'node:path';
import { type OwnRecord, type OwnTable, ownOf, plannedRuleset, type Wanted } from '../../change/index.ts';
import type { Backend, Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { Compiled } from '../../policy/index.ts';
import { feedsFolder } from '../feeds/kept.ts';
import type { Context } from '../verb.ts';

/** Which file the tools of iptables-legacy lock on this host, as iptables(8) has it. */
export function lockFileOf({ env }: Context): string {
  return env['XTABLES_LOCKFILE'] || '/run/xtables.lock';
}

/** Records of a state folder. */
export const records = (stateFolder: string) => ({
  /** What was there before the first change. */
  origin: join(stateFolder, 'origin.json'),
  confirmed: join(stateFolder, 'confirmed.json'),
  previous: join(stateFolder, 'previous.json'),
  /** What was confirmed, by when it was made: to go back to. */
  history: join(stateFolder, 'history'),
  /** What is being made, beside the guard's files. */
  pending: join(stateFolder, 'pending.json'),
  /** Lists of others that a policy names. */
  feeds: feedsFolder(stateFolder),
});

/** Sets of ours that a change leaves unused, and when it was made (seconds of uptime). */
export interface PendingRecord extends OwnRecord {
  readonly unused: readonly string[];
  readonly changedAt: number;
  /** Nothing of ours is left once it is confirmed. */
  readonly leaves: boolean;
  /** The snapshot of the host before it; `null` of changes that an older palisade made. */
  readonly before: string | null;
  /** The snapshot that it puts back, whole. */
  readonly restores?: string;
}

/** What is ours of a family, with those policies alone that are declared. */
export function declaredBy(wanted: readonly Wanted[], made: Compiled, family: Family): readonly OwnTable[] {
  const own = wanted.find((one) => one.family === family)?.own ?? [];
  return own.map((table) => {
    const declared = made.families[family].find((one) => one.table === table.table)?.policies;
    return { ...table, policies: new Map([...table.policies].filter(([chain]) => declared?.has(chain))) };
  });
}

/** Policies that a change gives to built-in chains, as they were before the first of them. */
export function originOf(
  context: Context,
  host: Host,
  backend: Backend,
  wanted: readonly Wanted[],
  known: OwnRecord | null,
): OwnRecord {
  const of = (family: Family): readonly OwnTable[] => {
    const ruleset = host.rulesets[family];
    const there = ruleset.known ? ownOf(ruleset.value) : [];
    return (wanted.find((one) => one.family === family)?.own ?? []).map(({ table, policies }) => {
      const old = there.find((one) => one.table === table)?.policies;
      const before = known?.families[family].find((one) => one.table === table)?.policies;
      const changing = [...policies].filter(([chain, policy]) => (old?.get(chain) ?? 'ACCEPT') !== policy);
      const kept = new Map(changing.map(([chain]) => [chain, old?.get(chain) ?? 'ACCEPT']));
      return { table, chains: new Map(), jumps: [], policies: new Map([...kept, ...(before ?? [])]) };
    });
  };
  return {
    at: context.clock.now(),
    backend,
    policy: null,
    families: { 4: of(4), 6: of(6) },
    sets: [],
    basis: null,
    emergency: null,
  };
}

/**
 * What a record says, as what a policy makes: for going back to it. Of policies those alone that are still as `ours`, the last confirmed,
 * has them: what somebody else has changed since is his.
 */
export function compiledOf({ families, sets }: OwnRecord, now: Host, ours: OwnRecord | null): Compiled {
  const of = (family: Family): Compiled['families'][Family] => {
    const ruleset = now.rulesets[family];
    const there = ruleset.known ? ownOf(ruleset.value) : [];
    return families[family].map(({ table, policies, chains, jumps }) => {
      const last = ours?.families[family].find((one) => one.table === table)?.policies;
      const current = there.find((one) => one.table === table)?.policies;
      const own = [...policies].filter(([chain]) => last?.get(chain) === undefined || last.get(chain) === current?.get(chain));
      return {
        table,
        policies: new Map(own) as ReadonlyMap<string, 'ACCEPT' | 'DROP'>,
        chains,
        jumps: jumps.map(({ from, to }) => ({ from, to })),
      };
    });
  };
  return { sets, families: { 4: of(4), 6: of(6) } };
}

/** The host with what is to be ours in it. */
export function hostWith(host: Host, made: Compiled): Host {
  const planned = (family: Family): Host['rulesets'][Family] => {
    const ruleset = host.rulesets[family];
    return ruleset.known ? { known: true, value: plannedRuleset(ruleset.value, made, family) } : ruleset;
  };
  return { ...host, rulesets: { 4: planned(4), 6: planned(6) } };
}
