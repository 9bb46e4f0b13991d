import { bitsOf, type Ranges } from '../../model/net/index.ts';
import type { Constraint, Effect } from '../../model/packet/index.ts';
import type { Rule, Ruleset } from '../../model/ruleset/index.ts';
import { addressPieces } from '../evaluate/addresspieces.ts';
import { rulesOf } from '../evaluate/rules.ts';
import type { Surroundings } from '../evaluate/surroundings.ts';
import { type Gathered, gather } from './layout.ts';
import { gatherMembers } from './members.ts';

/** Notes everything that rules, sets and facts of one host tell apart. */
export function gatherRules(
  ruleset: Ruleset,
  surroundings: Surroundings,
  into: Gathered,
  nameOf?: (table: string, rule: Rule) => string | null,
): void {
  for (const { name } of surroundings.links ?? []) into.names.add(name);
  for (const table of ruleset.tables) {
    for (const chain of table.chains.values()) {
      for (const { constraint, onFragment, effect, rule } of rulesOf(ruleset, chain)) {
        gatherAll(constraint, surroundings, into);
        if (onFragment !== constraint) gatherAll(onFragment, surroundings, into);
        gatherEffect(effect, nameOf?.(table.name, rule) ?? `${table.name} ${chain.name} rule ${rule.number}`, surroundings, into);
        if (effect.kind === 'netmap') gatherNetmap(effect, constraint, surroundings, into);
      }
    }
  }
  if (into.shortening.length > 0) wholeTtl(into);
}

function gatherAll(constraint: Constraint, surroundings: Surroundings, into: Gathered): void {
  gather(constraint, into);
  const visit = (part: Constraint): void => {
    switch (part.kind) {
      case 'all':
      case 'any':
        for (const each of part.of) visit(each);
        return;
      case 'not':
        visit(part.of);
        return;
      case 'member': {
        const set = surroundings.sets?.get(part.set);
        if (set !== undefined) gatherMembers(set, part.dimensions, surroundings.sets, into);
        return;
      }
      case 'addressType':
        into.addresses[part.field].add(addressPieces(into.family, surroundings));
        return;
      case 'number':
        // A forwarded packet's TTL is another one before it is routed.
        if (part.field === 'ttl') wholeTtl(into);
        return;
      default:
    }
  };
  visit(constraint);
}

function wholeTtl(into: Gathered): void {
  into.numbers.ttl.add(Array.from({ length: 256 }, (_, ttl) => [ttl, ttl] as const));
}

const rewriting: ReadonlySet<Effect['kind']> = new Set(['alter', 'service', 'hops', 'translate', 'netmap']);

function gatherEffect(effect: Effect, name: string, surroundings: Surroundings, into: Gathered): void {
  if (rewriting.has(effect.kind)) into.rewriting += 1;
  switch (effect.kind) {
    case 'untrack':
    case 'track':
      into.tracking = true;
      return;
    case 'hops':
      into.shortening.push(name);
      return;
    case 'write':
    case 'copy':
      if ((effect.shift ?? 0) !== 0) into.shifts = true;
      return;
    case 'translate': {
      const { end, to } = effect;
      const port = end === 'src' ? 'sport' : 'dport';
      if (to.port !== null) into.numbers[port].add([to.port]);
      if (effect.random === true && end === 'src')
        into.numbers.sport.add([[0, 511], [1, 511], [512, 1023], [600, 1023]]); // biome-ignore format: classes
      if (to.kind === 'range' && to.address !== null) into.addresses[end].add([to.address]);
      if (to.kind === 'own' && end === 'dst') {
        into.addresses.dst.add(own(into.family, surroundings));
      }
      return;
    }
    case 'alter':
      if (effect.what === 'mss') into.lengthening = true;
      return;
    case 'service':
      into.marksService = true;
      return;
    case 'deliver':
      for (const { port } of surroundings.listeners ?? []) into.numbers.dport.add([[port, port]]);
      into.bits.flags |= 63;
      return;
    default:
  }
}

/** NETMAP looks at each address that its rule lets through, and asks whether the new one is the host's own. */
function gatherNetmap(
  { value, mask }: Extract<Effect, { kind: 'netmap' }>,
  constraint: Constraint,
  surroundings: Surroundings,
  into: Gathered,
): void {
  const free = ((1n << BigInt(bitsOf(into.family))) - 1n) & ~mask;
  const parts = constraint.kind === 'all' ? constraint.of : [constraint];
  for (const end of ['src', 'dst'] as const) {
    into.addresses[end].add([[value, value | free], ...addressPieces(into.family, surroundings)]);
    const own = parts.find((part) => part.kind === 'address' && part.field === end);
    const within: Ranges<bigint> = own?.kind === 'address' ? own.ranges : [[0n, into.addresses[end].last]];
    into.netmaps.push({ end, value, mask, within });
  }
}

function own(family: 4 | 6, { addresses }: Surroundings): readonly (readonly [bigint, bigint])[] {
  const loopback = family === 4 ? 0x7f000001n : 1n;
  const values = (addresses ?? []).filter(({ prefix }) => prefix.family === family).map(({ prefix }) => prefix.value);
  return [loopback, ...values].map((value) => [value, value] as const);
}
