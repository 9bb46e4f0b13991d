import { bitsOf, type Family, type Prefix, type Ranges } from '../../model/net/index.ts';
import { prefixesOf, prefixText } from './prefixes.ts';

/** An ipset that rules name; its name says its content, so that it never changes while it is in use. */
export interface CompiledSet {
  readonly name: string;
  readonly family: Family;
  readonly type: 'hash:ip' | 'hash:net';
  /** As ipset prints them. */
  readonly members: readonly string[];
  readonly maxelem: number;
}

/** Collects the sets of one policy. */
export interface Sets {
  /** The name of the set of these addresses. */
  nameOf(family: Family, ranges: Ranges<bigint>): string;
  all(): readonly CompiledSet[];
}

/** ipset's own least (ip_set_hash_gen.h would take fewer, and then refuse what is added by hand). */
const leastElements = 65_536;

/** @param digest hexadecimal digits of a text's hash */
export function createSets(digest: (text: string) => string): Sets {
  const sets = new Map<string, CompiledSet>();
  const known = new Map<Ranges<bigint>, string>();
  return {
    nameOf(family, ranges) {
      const before = known.get(ranges);
      if (before !== undefined) return before;
      const prefixes = prefixesOf(family, ranges).flatMap(splitWhole);
      const type = prefixes.every(({ length }) => length === bitsOf(family)) ? 'hash:ip' : 'hash:net';
      const members = prefixes.map(prefixText);
      const name = `PAL${family}-${digest(`${type} ${members.join(' ')}`).slice(0, 20)}`;
      let maxelem = leastElements;
      while (maxelem < members.length) maxelem *= 2;
      sets.set(name, { name, family, type, members, maxelem });
      known.set(ranges, name);
      return name;
    },
    all: () => [...sets.values()].sort((left, right) => (left.name < right.name ? -1 : 1)),
  };
}

/** hash:net refuses a network of everything (ip_set_hash_net.c): its two halves do. */
function splitWhole(prefix: Prefix): readonly Prefix[] {
  if (prefix.length > 0) return [prefix];
  const half = 1n << BigInt(bitsOf(prefix.family) - 1);
  return [
    { ...prefix, length: 1 },
    { ...prefix, value: half, length: 1 },
  ];
}

/** What `ipset restore` reads to make the sets, all in one. */
export function setsText(sets: readonly CompiledSet[]): string {
  return sets
    .map(({ name, family, type, members, maxelem }) => {
      const create = `create ${name} ${type} family ${family === 4 ? 'inet' : 'inet6'} hashsize ${hashsizeFor(members.length)} maxelem ${maxelem}\n`;
      return create + members.map((member) => `add ${name} ${member}\n`).join('');
    })
    .join('');
}

/** So that filling it never resizes it: the least power of two that is not below the number of members, from ipset's own 1,024 on. */
function hashsizeFor(members: number): number {
  let size = 1024;
  while (size < members) size *= 2;
  return size;
}
