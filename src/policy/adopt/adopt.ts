import { livenessOf } from '../../analysis/answers/index.ts';
import { OverBudget } from '../../analysis/space/index.ts';
import { createSpace } from '../../analysis/symbolic/index.ts';
import type { IpSet } from '../../model/host/index.ts';
import { type Family, formatAddress } from '../../model/net/index.ts';
import { type Rule, type Ruleset, ruleText, type Table } from '../../model/ruleset/index.ts';
import { prefixesOf, prefixText } from '../compile/prefixes.ts';
import type { Ending, Way } from '../policy.ts';
import { basicsOf } from './basics.ts';
import type { Entry, TableEntry } from './entry.ts';
import { mergedEntries, mergedLines } from './families.ts';
import { policyText } from './file.ts';
import { listOf } from './lists.ts';
import { type Fate, type Reading, Unsayable } from './reading.ts';
import { linesOf } from './tables.ts';
import { tidied } from './tidy.ts';

/** What is adopted. */
export interface Adopting {
  /** `null`: nothing is known of the family, and nothing is said of it. */
  readonly rulesets: Readonly<Record<Family, Ruleset | null>>;
  readonly sets: ReadonlyMap<string, IpSet>;
  /** Rules of programs that keep their own. */
  readonly foreign: ReadonlySet<Rule>;
  /** Comments at the head of the file. */
  readonly head: readonly string[];
  /** Whether rules may be left out that a policy's basics seem to say. */
  readonly basics: boolean;
}

export interface AdoptedRule {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly line: number;
  readonly text: string;
  readonly fate: Fate;
}

export type Adopted =
  | {
      readonly kind: 'adopted';
      readonly text: string;
      readonly rules: readonly AdoptedRule[];
      /** Sets of addresses that it holds as they were read. */
      readonly frozen: readonly string[];
      readonly basics: readonly string[];
    }
  /** A rule that no policy can hold. */
  | { readonly kind: 'unsayable'; readonly family: Family; readonly line: number; readonly text: string; readonly why: string };

const chains: Readonly<Record<Way, string>> = { incoming: 'INPUT', forwarded: 'FORWARD', outgoing: 'OUTPUT' };
const ways = ['incoming', 'forwarded', 'outgoing'] as const;

/** Turns rules into the text of a policy. Whether both do the same to every packet is for others to prove. */
export function adopt(adopting: Adopting): Adopted {
  const asked = new Set<string>();
  const read = ([4, 6] as const).flatMap((family) => {
    const ruleset = adopting.rulesets[family];
    return ruleset === null ? [] : [readingOf(ruleset, family, adopting, asked)];
  });
  const frozen = new Map<string, readonly string[]>();
  try {
    const otherwise = endings(read);
    const lists = { incoming: [], forwarded: [], outgoing: [] } as Record<Way, readonly Entry[]>;
    for (const way of ways) {
      const [four, six] = ([4, 6] as const).map((family) => {
        const reading = read.find((one) => one.family === family);
        return reading === undefined ? [] : ofWay(reading, way, otherwise[way]);
      }) as [readonly Entry[], readonly Entry[]];
      lists[way] = tidied(mergedEntries(four, six));
    }
    const families = read.map(({ family }) => family);
    const basic = adopting.basics ? basicsOf(lists, otherwise, families) : { basics: [], lists };
    const written = {
      incoming: named(basic.lists.incoming, frozen),
      forwarded: named(basic.lists.forwarded, frozen),
      outgoing: named(basic.lists.outgoing, frozen),
    };
    const [four, six] = ([4, 6] as const).map((family) => {
      const reading = read.find((one) => one.family === family);
      return reading?.ruleset.tables.filter(({ name }) => name !== 'filter').flatMap((table) => linesOf(reading, table)) ?? [];
    }) as unknown as [readonly TableEntry[], readonly TableEntry[]];
    const text = policyText({
      head: adopting.head,
      otherwise,
      basics: basic.basics,
      sets: frozen,
      lists: written,
      lines: mergedLines(four, six),
    });
    return { kind: 'adopted', text, rules: read.flatMap(rulesOf), frozen: [...asked].sort(), basics: basic.basics };
  } catch (error) {
    if (!(error instanceof Unsayable)) throw error;
    const { ruleset, rule } = error;
    return { kind: 'unsayable', family: ruleset.family, line: rule.line, text: ruleText(ruleset, rule), why: error.message };
  }
}

function readingOf(ruleset: Ruleset, family: Family, { foreign, sets }: Adopting, asked: Set<string>): Reading {
  const dead = deadIn(ruleset);
  return {
    family,
    ruleset,
    fates: new Map(),
    effectless: new Map(),
    isForeign: (rule) => foreign.has(rule),
    isDead: (_table, rule) => dead.has(rule),
    membersOf: (name) => {
      const members = membersOf(sets.get(name), family);
      if (members !== null) asked.add(name);
      return members;
    },
  };
}

/** Rules that no packet meets on whatever host, with whatever its sets hold. */
function deadIn(ruleset: Ruleset): ReadonlySet<Rule> {
  const surroundings = { sets: null, links: null, addresses: null, routes: null, listeners: null };
  try {
    const space = createSpace(ruleset.family, [{ ruleset, surroundings }]);
    const [firewall] = space.firewalls;
    return new Set(firewall === undefined ? [] : livenessOf(space, firewall).dead.map(({ rule }) => rule.rule));
  } catch (error) {
    if (!(error instanceof OverBudget)) throw error;
    return new Set();
  }
}

/** So many are written into the policy. */
const mostMembers = 1000;

function membersOf(set: IpSet | undefined, family: Family): readonly string[] | null {
  if (set === undefined || set.volatile || set.family !== family || set.members.length > mostMembers) return null;
  const words = set.members.map(({ parts, nomatch }) => {
    const [part] = parts;
    if (nomatch || parts.length !== 1 || part?.kind !== 'addresses' || part.ranges.length !== 1) return null;
    const [[lo, hi] = [0n, 0n]] = part.ranges;
    const [prefix, ...more] = prefixesOf(family, part.ranges);
    if (prefix !== undefined && more.length === 0) return prefixText(prefix);
    return [lo, hi].map((value) => formatAddress({ family, value })).join('-');
  });
  return words.every((word) => word !== null) ? words : null;
}

function filterOf({ ruleset }: Reading): Table | undefined {
  return ruleset.tables.find(({ name }) => name === 'filter');
}

function policyOf(reading: Reading, way: Way): Ending {
  return filterOf(reading)?.chains.get(chains[way])?.policy === 'DROP' ? 'drop' : 'accept';
}

/** Of IPv4 where both differ. */
function endings([first]: readonly Reading[]): Readonly<Record<Way, Ending>> {
  const of = (way: Way): Ending => (first === undefined ? 'drop' : policyOf(first, way));
  return { incoming: of('incoming'), forwarded: of('forwarded'), outgoing: of('outgoing') };
}

function ofWay(reading: Reading, way: Way, otherwise: Ending): readonly Entry[] {
  const table = filterOf(reading);
  const chain = table?.chains.get(chains[way]);
  const policy = policyOf(reading, way);
  const entries = table === undefined || chain === undefined ? [] : listOf(reading, table, chain, policy);
  if (policy === otherwise) return entries;
  const { family } = reading;
  const verb = policy === 'accept' ? 'allow' : 'deny';
  const rest: Entry = { verb, services: ['any'], keys: {}, line: null, inner: null, note: null, families: [family] };
  return [...entries, rest];
}

function rulesOf({ ruleset, fates, isForeign, family }: Reading): readonly AdoptedRule[] {
  return ruleset.tables.flatMap((table) =>
    table.rules
      .filter((rule) => !isForeign(rule))
      .map((rule) => ({
        family,
        table: table.name,
        chain: rule.chain,
        line: rule.line,
        text: ruleText(ruleset, rule),
        // Nothing leads to it.
        fate: fates.get(rule) ?? 'dead',
      })),
  );
}

/** So many addresses stand in a rule; more have a name. */
const fewAddresses = 6;

/** Long lists of addresses stand under `sets`, once. */
function named(entries: readonly Entry[], sets: Map<string, readonly string[]>): readonly Entry[] {
  const nameOf = (words: readonly string[]): string => {
    const before = [...sets].find(([, members]) => members.join() === words.join());
    if (before !== undefined) return before[0];
    const name = `addresses-${sets.size + 1}`;
    sets.set(name, words);
    return name;
  };
  const shown = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.length > fewAddresses ? nameOf(value) : value;
    const except = (value as { 'anyone-except'?: readonly string[] } | undefined)?.['anyone-except'];
    return except !== undefined && except.length > fewAddresses ? { 'anyone-except': nameOf(except) } : value;
  };
  return entries.map((entry) => {
    const { from, to } = entry.keys;
    const keys = {
      ...entry.keys,
      ...(from !== undefined && { from: shown(from) }),
      ...(to !== undefined && { to: shown(to) }),
    };
    return { ...entry, keys, inner: entry.inner === null ? null : named(entry.inner, sets) };
  });
}
