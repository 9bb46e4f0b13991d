/**
 * The matches and targets that palisade knows, one object a file: options with their arity, and meaning as data.
 *
 * Checked against the option tables of iptables 1.8.9's own libraries (libxt_*, libipt_*, libip6t_*). What is not here is
 * kept verbatim by the rule reader and never an error. Called by rule.ts and meaning.ts only.
 */
import type { Family } from '../../net/index.ts';
import type { Match, Option, Target } from '../extension.ts';
import { readProtocol } from '../values/protocol.ts';
import { matches } from './matches/index.ts';
import { targets } from './targets/index.ts';

export { matches, targets };

/** Other names by which iptables finds the same match (libxtables, xtables_find_match). */
const otherNames: Readonly<Record<string, string>> = { icmpv6: 'icmp6', 'ipv6-icmp': 'icmp6', 'ipv6-mh': 'mh' };

const matchesByName = new Map(matches.map((match) => [match.name, match]));
const targetsByName = new Map(targets.map((target) => [target.name, target]));
const byProtocol = new Map(
  matches.flatMap((match) => (match.impliedBy ?? []).map((name) => [readProtocol(name), match] as const)),
);

/** `null`: palisade does not know it. */
export function findMatch(name: string, family: Family): Match | 'other-family' | null {
  const match = matchesByName.get(Object.hasOwn(otherNames, name) ? (otherNames[name] as string) : name);
  return match === undefined ? null : match.families.includes(family) ? match : 'other-family';
}

/** `null`: palisade does not know it. */
export function findTarget(name: string, family: Family): Target | 'other-family' | null {
  const target = targetsByName.get(name);
  return target === undefined ? null : target.families.includes(family) ? target : 'other-family';
}

/** The match whose options `-p` alone makes usable. */
export function impliedMatch(proto: number, family: Family): Match | null {
  const match = byProtocol.get(proto);
  return match?.families.includes(family) ? match : null;
}

const namesOf = new WeakMap<Match | Target, ReadonlyMap<string, Option>>();

function optionsOf(extension: Match | Target): ReadonlyMap<string, Option> {
  let names = namesOf.get(extension);
  if (names === undefined) {
    names = new Map(
      extension.options.flatMap((option) => [option.name, ...(option.aliases ?? [])].map((name) => [name, option])),
    );
    namesOf.set(extension, names);
  }
  return names;
}

export function optionOf(extension: Match | Target, name: string): Option | undefined {
  return optionsOf(extension).get(name);
}

export function optionNames(extension: Match | Target): readonly string[] {
  return [...optionsOf(extension).keys()];
}

/**
 * Targets outside iptables that are written without options (xtables-addons, OpenWrt): with one of these names a missing
 * chain is not the likelier reading.
 */
const foreignTargets: ReadonlySet<string> = new Set([
  'ACCOUNT',
  'CHAOS',
  'DELUDE',
  'DHCPMAC',
  'DNETMAP',
  'ECHO',
  'FLOWOFFLOAD',
  'FULLCONENAT',
  'IPMARK',
  'LOGMARK',
  'PROTO',
  'RAWDNAT',
  'RAWSNAT',
  'STEAL',
  'SYSRQ',
  'TARPIT',
]);

export function isForeignTarget(name: string): boolean {
  return foreignTargets.has(name);
}
