import { resolve } from 'node:path';
import { type OwnRecord, type OwnTable, ownOf, parseRecord, transactionsOf } from '../../change/index.ts';
import type { HostState } from '../../change/restore/index.ts';
import type { Backend, Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import type { CompiledSet } from '../../policy/index.ts';
import { isOwnSet } from '../planning/index.ts';
import type { Context } from '../verb.ts';
import type { Target } from './target.ts';

/** What of palisade's a snapshot holds. */
export interface OwnPart {
  readonly backend: Backend;
  readonly families: Readonly<Record<Family, readonly OwnTable[]>>;
  readonly record: OwnRecord;
}

/**
 * What is palisade's in the host that a snapshot shows, as it is known once that is confirmed; `null` where nothing is. The record of then
 * counts where it says the same as the rules: it knows of the policy. Else the rules alone are known, and every policy of the table `filter`.
 */
export function ownPartOf(context: Context, { body, state, hosts }: Target): OwnPart | null {
  const found = hosts
    .map(({ backend, host }) => ({ backend, families: { 4: ownIn(host, 4), 6: ownIn(host, 6) } }))
    .find(({ families }) => [...families[4], ...families[6]].some(({ chains, jumps }) => chains.size + jumps.length > 0));
  if (found === undefined) return null;
  const { backend, families } = found;
  const sets = ownSetsOf(state);
  const known = keptRecord(body.own);
  const at = context.clock.now();
  if (known !== null && isSaidBy(known, families, sets)) return { backend, families, record: { ...known, at, backend } };
  const record: OwnRecord = {
    at,
    backend,
    // A record without one would say that nothing is there.
    policy: known?.policy ?? resolve(context.policyFile),
    families: { 4: families[4].map(declared), 6: families[6].map(declared) },
    sets,
    emergency: known?.emergency ?? null,
    basis: null,
  };
  return { backend, families, record };
}

function ownIn({ rulesets }: Host, family: Family): readonly OwnTable[] {
  const ruleset = rulesets[family];
  return ruleset.known ? ownOf(ruleset.value) : [];
}

function declared(own: OwnTable): OwnTable {
  return own.table === 'filter' ? own : { ...own, policies: new Map() };
}

function isSaidBy(record: OwnRecord, families: OwnPart['families'], sets: readonly CompiledSet[]): boolean {
  const there = new Set(sets.map(({ name }) => name));
  const sameSets = record.sets.length === there.size && record.sets.every(({ name }) => there.has(name));
  return sameSets && ([4, 6] as const).every((family) => transactionsOf(families[family], record.families[family]).length === 0);
}

/** `null` also of a text that no palisade wrote: the rules are there without it. */
function keptRecord(text: string | null): OwnRecord | null {
  try {
    return text === null ? null : parseRecord(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Sets of ours have but these two types. */
function ownSetsOf({ sets }: HostState): readonly CompiledSet[] {
  return sets.flatMap(({ name, header, members }) => {
    const [, type, family, most] = /^(hash:ip|hash:net) family (inet6?) .*\bmaxelem (\d+)/.exec(header) ?? [];
    if (!isOwnSet(name) || type === undefined) return [];
    return [
      { name, type: type as CompiledSet['type'], family: family === 'inet' ? 4 : 6, members, maxelem: Number(most) } as const,
    ];
  });
}
