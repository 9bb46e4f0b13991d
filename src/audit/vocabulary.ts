import type { Host } from '../model/host/index.ts';
import type { Family, Ranges } from '../model/net/index.ts';
import type { AddressField, Constraint, NumberField } from '../model/packet/index.ts';
import { meaningsOf, type Ruleset } from '../model/ruleset/index.ts';
import {
  farWorld,
  type Interval,
  intervalOf,
  neighbourhood,
  type Part,
  partsBy,
  partsOf,
  ports,
  type Turns,
  turnsOf,
  world,
} from './atoms.ts';

/**
 * What a ruleset names: the addresses, ports, protocols and interfaces that some rule tells apart. Among values that no rule
 * tells apart one packet stands for all.
 */
export interface Vocabulary {
  readonly family: Family;
  /** The addresses of the outside world as rules, and sets that rules read, tell sources apart; biggest first. */
  readonly sources: readonly Part<bigint>[];
  /** The same of addresses that only neighbours on the same link have (link-local ones). */
  readonly neighbours: readonly Part<bigint>[];
  /** The same by destination addresses. */
  readonly destinations: readonly Part<bigint>[];
  /** Ports 1…65535 as rules tell destination ports apart; biggest first. */
  readonly ports: readonly Part<number>[];
  /** One source port of every range that rules name: who sends chooses it. */
  readonly namedSourcePorts: readonly number[];
  /** Destination ports and ranges of ports that rules name. */
  readonly namedPorts: readonly Interval<number>[];
  /** Single destination addresses that rules name. */
  readonly namedDestinations: readonly bigint[];
  readonly protocols: readonly Interval<number>[];
  readonly interfaces: readonly NamedInterface[];
  /** Whether the host's links are known; if not, an unnamed link may bear an everyday name. */
  readonly linksKnown: boolean;
}

export interface NamedInterface {
  readonly field: 'in' | 'out';
  readonly name: string;
  /** The name is a beginning (`eth+`). */
  readonly prefix: boolean;
}

/** A set of several dimensions may have a million members; the widest of them tell the world apart, the rest single addresses. */
const membersLookedAt = 2048;

const kept = new WeakMap<Host, Map<Ruleset, Vocabulary>>();

/** What one of the host's rulesets names, worked out once. */
export function vocabularyOf(host: Host, ruleset: Ruleset): Vocabulary {
  const ofHost = kept.get(host) ?? new Map<Ruleset, Vocabulary>();
  kept.set(host, ofHost);
  const found = ofHost.get(ruleset) ?? read(host, ruleset);
  ofHost.set(ruleset, found);
  return found;
}

function read(host: Host, ruleset: Ruleset): Vocabulary {
  const addresses: Record<'src' | 'dst', Ranges<bigint>[]> = { src: [], dst: [] };
  const askedPorts: Ranges<number>[] = [];
  const protocols: Interval<number>[] = [];
  const interfaces = new Map<string, NamedInterface>();
  const sourcePorts = new Set<number>();
  const setsSeen = new Set<string>();

  const walk = (constraint: Constraint): void => {
    switch (constraint.kind) {
      case 'all':
      case 'any':
        for (const part of constraint.of) walk(part);
        break;
      case 'not':
        walk(constraint.of);
        break;
      case 'address':
        addresses[sideOf(constraint.field)].push(constraint.ranges);
        break;
      case 'number':
        if (isPort(constraint.field)) askedPorts.push(constraint.ranges);
        else if (constraint.field === 'sport')
          for (const [lo, hi] of constraint.ranges) sourcePorts.add(Math.min(Math.max(lo, 1), hi));
        else if (constraint.field === 'proto') protocols.push(...constraint.ranges.map(intervalOf));
        break;
      case 'interface':
        interfaces.set(`${constraint.field} ${constraint.name} ${constraint.prefix}`, {
          field: constraint.field,
          name: constraint.name,
          prefix: constraint.prefix,
        });
        break;
      case 'member':
        member(constraint.set, constraint.dimensions, 0);
        break;
    }
  };

  /** A set may be a list of sets, two levels deep at most in the kernel; the count guards against a loop in a file. */
  const member = (name: string, dimensions: readonly ('src' | 'dst')[], depth: number): void => {
    const key = `${name} ${dimensions.join()}`;
    const set = host.sets.known ? host.sets.value.get(name) : undefined;
    if (set === undefined || setsSeen.has(key) || depth > 3) return;
    setsSeen.add(key);
    // A plain set asks one question; where members combine dimensions or make exceptions, each asks its own.
    const plain = dimensions.length === 1 && set.members.every(({ nomatch }) => !nomatch);
    const bySide: Record<'src' | 'dst', Ranges<bigint>[]> = { src: [], dst: [] };
    const members: Ranges<number>[] = [];
    for (const { parts } of set.members) {
      for (const [index, part] of parts.entries()) {
        const side = dimensions[index] ?? 'src';
        if (part.kind === 'addresses') bySide[side].push(part.ranges);
        else if (part.kind === 'ports' && side === 'dst') members.push(part.ranges);
        else if (part.kind === 'set') member(part.name, dimensions, depth + 1);
      }
    }
    for (const side of ['src', 'dst'] as const) addresses[side].push(...(plain ? [bySide[side].flat()] : widest(bySide[side])));
    askedPorts.push(...(plain ? [members.flat()] : members.slice(0, membersLookedAt)));
  };

  for (const meaning of meaningsOf(ruleset).values()) walk(meaning.constraint);

  const { family } = ruleset;
  // Few questions ask for all of these, and rulesets may name many addresses.
  let turns: Turns | null = null;
  const bySource = (): Turns => {
    turns ??= turnsOf(addresses.src);
    return turns;
  };
  let [sources, neighbours, destinations]: (readonly Part<bigint>[] | null)[] = [null, null, null];
  const single = addresses.dst.flat().filter(([lo, hi]) => lo === hi);
  return {
    family,
    get sources() {
      sources ??= partsBy(bySource(), world(family));
      return sources;
    },
    get neighbours() {
      neighbours ??= partsBy(bySource(), neighbourhood(family));
      return neighbours;
    },
    get destinations() {
      destinations ??= partsOf(addresses.dst, farWorld(family));
      return destinations;
    },
    ports: partsOf(askedPorts, ports),
    namedSourcePorts: [...sourcePorts],
    namedPorts: askedPorts.flat().map(intervalOf),
    namedDestinations: [...new Set(single.map(([lo]) => lo))],
    protocols,
    interfaces: [...interfaces.values()],
    linksKnown: host.links.known,
  };
}

/** The members that tell most of the world apart. */
function widest(members: readonly Ranges<bigint>[]): readonly Ranges<bigint>[] {
  const width = (of: Ranges<bigint>): bigint => of.reduce((sum, [lo, hi]) => sum + hi - lo, 0n);
  return [...members].sort((a, b) => (width(a) > width(b) ? -1 : 1)).slice(0, membersLookedAt);
}

function sideOf(field: AddressField): 'src' | 'dst' {
  return field === 'src' || field === 'origSrc' ? 'src' : 'dst';
}

function isPort(field: NumberField): boolean {
  return field === 'dport' || field === 'origDport';
}

/** A link name that no rule of the ruleset names: what arrives there is decided by the rules for every link. */
export function unnamedLink(vocabulary: Vocabulary, except: readonly string[] = []): string {
  const named = (link: string): boolean => except.includes(link) || isNamed(vocabulary, link);
  let link = vocabulary.linksKnown ? 'other0' : 'eth0';
  for (let count = 0; named(link); count += 1) link = count < 10 ? `other${count}` : `x${count}`;
  return link;
}

/** Whether some rule names the link, or a beginning of its name. */
export function isNamed(vocabulary: Vocabulary, link: string): boolean {
  return vocabulary.interfaces.some(({ name, prefix }) => (prefix ? name !== '' && link.startsWith(name) : link === name));
}

/** Links that the rules name, other than the loopback; a beginning stands for its first link (`eth+` for eth0). */
export function namedLinks(vocabulary: Vocabulary, field: 'in' | 'out'): readonly string[] {
  const names = vocabulary.interfaces
    .filter((named) => named.field === field && named.name !== '')
    .map(({ name, prefix }) => (prefix ? `${name}0` : name));
  return [...new Set(names)].filter((name) => name !== 'lo' && name !== 'lo0');
}

/** An IP protocol that no rule names, from the numbers kept for experiments (RFC 3692) down. */
export function unnamedProtocol(vocabulary: Vocabulary): number {
  let number = 253;
  // A range as wide as half of all protocols is no name.
  while (number > 140 && vocabulary.protocols.some(({ lo, hi }) => hi - lo < 128 && lo <= number && number <= hi)) number -= 1;
  return number;
}

const unnamed = new WeakMap<Vocabulary, readonly Part<number>[]>();

/** Parts of the port space that no rule names, biggest first; a range as wide as half of all ports is no name. */
function unnamedPorts(vocabulary: Vocabulary): readonly Part<number>[] {
  const before = unnamed.get(vocabulary);
  if (before !== undefined) return before;
  const named = new Uint8Array(65_536);
  for (const { lo, hi } of vocabulary.namedPorts) if (hi - lo < 32_768) named.fill(1, lo, hi + 1);
  const made = vocabulary.ports.filter(({ value }) => named[value] !== 1);
  unnamed.set(vocabulary, made);
  return made;
}

/** A port that no rule names, in the widest gap; when rules name all ports, one of the widest part. */
export function unnamedPort(vocabulary: Vocabulary, except: readonly number[] = []): number {
  const part = unnamedPorts(vocabulary).find(({ size }) => size > BigInt(except.length)) ?? vocabulary.ports[0];
  if (part === undefined) return 31337;
  let port = part.value;
  while (except.includes(port) && port < part.hi) port += 1;
  if (except.includes(port)) port = part.lo;
  while (except.includes(port) && port < part.hi) port += 1;
  return port;
}
