import type { IpSet } from '../../model/host/index.ts';
import type { Family, Ranges } from '../../model/net/index.ts';
import type { AddressType, Constraint, InterfaceField, RuleRef } from '../../model/packet/index.ts';
import type { Chain, Table } from '../../model/ruleset/index.ts';
import { addressPieces } from '../evaluate/addresspieces.ts';
import { hasType, isLocal } from '../evaluate/addresstype.ts';
import { rulesOf } from '../evaluate/rules.ts';
import type { Surroundings } from '../evaluate/surroundings.ts';
import type { Firewall } from '../symbolic/index.ts';
import { addressWords } from './addresses.ts';
import type { Liveness } from './liveness.ts';

/** Something that a rule asks for and that this host does not have, as far as was read. */
export type Absence =
  /** No link has the name, or begins with it. One may come up later, as those of tunnels and containers do. */
  | { readonly kind: 'link'; readonly field: InterfaceField; readonly name: string; readonly prefix: boolean }
  /** The set has no members of the rule's family. `volatile`: programs or packets fill it, so that it is empty now. */
  | { readonly kind: 'empty-set'; readonly set: string; readonly volatile: boolean }
  /** None of the addresses is the host's own, and only its own come to this chain (or are sent, from this chain). */
  | { readonly kind: 'own-address'; readonly field: 'src' | 'dst'; readonly addresses: readonly string[] }
  /** No address is of any of the types. */
  | { readonly kind: 'address-type'; readonly field: 'src' | 'dst'; readonly types: readonly AddressType[] };

/** A rule that may well meet packets elsewhere, and none on this host. */
export interface NowhereRule {
  readonly rule: RuleRef;
  readonly line: number;
  /** Each alone is enough. */
  readonly absences: readonly Absence[];
}

/**
 * Rules that can match nothing on this host, whatever the rules before them do. What is not known of the host is no reason;
 * nor is a set that was not read, since what it cannot say is left out too.
 *
 * Of a rule that asks for one of several things all have to be absent. Negations always leave something.
 */
export function nowhereOf({ ruleset, surroundings }: Firewall, liveness: Liveness): readonly NowhereRule[] {
  const found: NowhereRule[] = [];
  const { family } = ruleset;
  for (const table of ruleset.tables) {
    for (const chain of table.chains.values()) {
      const own = ownFieldIn(table, chain);
      for (const { rule, constraint } of rulesOf(ruleset, chain)) {
        const absences = absencesOf(constraint, own) ?? [];
        if (absences.length === 0) continue;
        found.push({ rule: { family, table: table.name, chain: chain.name, rule: rule.number }, line: rule.line, absences });
      }
    }
  }
  return found;

  /** The end that is the host itself, of all packets that come to the chain. */
  function ownFieldIn(table: Table, chain: Chain): 'src' | 'dst' | null {
    const visits = liveness.visits(table.name, chain.name);
    if (visits.length === 0) return null;
    // What TPROXY hands over comes in under its old destination.
    const hands = ruleset.tables.some((one) =>
      [...one.chains.values()].some((other) => rulesOf(ruleset, other).some(({ effect }) => effect.kind === 'deliver')),
    );
    if (!hands && visits.every(({ stop }) => stop.station.chain === 'INPUT')) return 'dst';
    return visits.every(({ stop }) => stop.station.chain === 'OUTPUT') ? 'src' : null;
  }

  /** `null`: nothing that is known is absent. */
  function absencesOf(constraint: Constraint, own: 'src' | 'dst' | null): readonly Absence[] | null {
    switch (constraint.kind) {
      case 'all': {
        const list = constraint.of.flatMap((part) => absencesOf(part, own) ?? []);
        return list.length === 0 ? null : list;
      }
      case 'any': {
        const lists = constraint.of.map((part) => absencesOf(part, own));
        return lists.length > 0 && lists.every((list) => list !== null) ? lists.flatMap((list) => list ?? []) : null;
      }
      case 'interface':
        return hasLink(constraint.name, constraint.prefix, surroundings)
          ? null
          : [{ kind: 'link', field: constraint.field, name: constraint.name, prefix: constraint.prefix }];
      case 'member': {
        const set = surroundings.sets?.get(constraint.set);
        if (set === undefined || !isEmpty(set, family, surroundings)) return null;
        return [{ kind: 'empty-set', set: set.name, volatile: isVolatile(set, surroundings) }];
      }
      case 'address': {
        const { field, ranges } = constraint;
        if (field !== own || !isForeign(family, ranges, field, surroundings)) return null;
        const { list } = addressWords(family, ranges, [], []);
        return [{ kind: 'own-address', field, addresses: list }];
      }
      case 'addressType': {
        const { field, types, on } = constraint;
        if (on !== null || !isOfNone(family, types, surroundings)) return null;
        return [{ kind: 'address-type', field, types }];
      }
      default:
        return null;
    }
  }
}

function hasLink(name: string, prefix: boolean, { links }: Surroundings): boolean {
  // A rule for packets without an interface asks for none.
  if (links === null || name === '') return true;
  return links.some((link) => (prefix ? link.name.startsWith(name) : link.name === name));
}

/** A set of sets is as empty as all of them; one that is not known may hold anything. */
function isEmpty(set: IpSet, family: Family, surroundings: Surroundings): boolean {
  if (set.type !== 'list:set')
    return set.members.every(({ nomatch }) => nomatch) || (set.family !== null && set.family !== family);
  return innerSets(set, surroundings).every((inner) => inner !== undefined && isEmpty(inner, family, surroundings));
}

function isVolatile(set: IpSet, surroundings: Surroundings): boolean {
  return set.volatile || innerSets(set, surroundings).some((inner) => inner !== undefined && isVolatile(inner, surroundings));
}

function innerSets(set: IpSet, { sets }: Surroundings): readonly (IpSet | undefined)[] {
  return set.members.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'set' ? [sets?.get(part.name)] : [])));
}

/** All of the addresses are known to be of others. What comes to all, or to many, comes to the host as well. */
function isForeign(family: Family, within: Ranges<bigint>, field: 'src' | 'dst', surroundings: Surroundings): boolean {
  if (surroundings.addresses === null) return false;
  return pieces(family, within, surroundings).every((value) => {
    if (isLocal(family, value, surroundings) !== false) return false;
    if (field === 'src') return value !== 0n;
    if (family === 6) return value >> 120n !== 0xffn && hasType(6, ['ANYCAST'], value, null, surroundings) === false;
    return hasType(4, ['BROADCAST', 'MULTICAST', 'ANYCAST'], value, null, surroundings) === false;
  });
}

function isOfNone(family: Family, types: readonly AddressType[], surroundings: Surroundings): boolean {
  return addressPieces(family, surroundings).every(([value]) => hasType(family, types, value, null, surroundings) === false);
}

/** One address of each part of the ranges that the host may tell apart. */
function pieces(family: Family, within: Ranges<bigint>, surroundings: Surroundings): readonly bigint[] {
  const list: bigint[] = [];
  for (const [first, last] of addressPieces(family, surroundings)) {
    for (const [lo, hi] of within) {
      const from = lo > first ? lo : first;
      if (from <= (hi < last ? hi : last)) list.push(from);
    }
  }
  return list;
}
