import type { Host } from '../../model/host/index.ts';
import { type Constraint, states } from '../../model/packet/index.ts';
import { type Rule, type Ruleset, ruleMeaning } from '../../model/ruleset/index.ts';

type Way = 'INPUT' | 'FORWARD';

/**
 * Rules of programs' chains by which anybody from outside comes in, to the host itself or through it, and those that lead there. A program
 * lets in over links of its own, from networks of its own, what it has marked, or replies: whoever lets everybody in only bears its name.
 *
 * @param isPrograms whether a chain is called as a program's that lets in
 */
export function strangersRules(
  ruleset: Ruleset,
  outside: readonly string[],
  isPrograms: (chain: string) => boolean,
): ReadonlySet<Rule> {
  const chains = ruleset.tables.find(({ name }) => name === 'filter')?.chains;
  const found = new Set<Rule>();
  for (const way of ['INPUT', 'FORWARD'] as const) {
    const seen = new Map<string, boolean>();
    const lets = (name: string): boolean => {
      const known = seen.get(name);
      if (known !== undefined) return known;
      seen.set(name, false);
      const isOf = isPrograms(name);
      let any = false;
      for (const rule of chains?.get(name)?.rules ?? []) {
        const { effect, constraint } = ruleMeaning(ruleset, rule);
        const comesIn =
          effect.kind === 'jump'
            ? !isNarrow(constraint, way, outside) && lets(effect.chain)
            : isOf && effect.kind === 'verdict' && effect.verdict === 'ACCEPT' && !isNarrow(constraint, way, outside);
        if (comesIn) found.add(rule);
        any ||= comesIn;
      }
      seen.set(name, any);
      return any;
    };
    lets(way);
  }
  return found;
}

/** Links by which the world is reached: devices, and whatever leads to the default gateway. */
export function outsideLinks({ links, routes }: Host): readonly string[] {
  const devices = links.known
    ? links.value.filter(({ kind, loopback }) => kind === null && !loopback).map(({ name }) => name)
    : [];
  const ways = routes.known
    ? routes.value.flatMap(({ prefix, link, type }) => (type === 'unicast' && prefix.length === 0 && link !== null ? [link] : []))
    : [];
  return [...new Set([...devices, ...ways])];
}

const [established, related] = [states.indexOf('ESTABLISHED'), states.indexOf('RELATED')];
const [tcp, udp, udplite, sctp] = [6, 17, 136, 132];

/** Whether by far not everybody is meant. Ports alone say nothing of who comes, but that those of a program's own are high. */
function isNarrow(constraint: Constraint, way: Way, outside: readonly string[]): boolean {
  switch (constraint.kind) {
    case 'always':
    case 'not':
      return false;
    case 'never':
    case 'member':
      return true;
    case 'all': {
      const parts = constraint.of;
      return parts.some((part) => isNarrow(part, way, outside)) || (way === 'INPUT' && hasOwnPort(parts));
    }
    case 'any':
      return constraint.of.every((part) => isNarrow(part, way, outside));
    case 'address':
      if (constraint.field === 'src') return constraint.ranges.every(isPrivate);
      return constraint.field === 'dst' && way === 'FORWARD' && constraint.ranges.every(isNetwork);
    case 'number':
      return isNarrowNumber(constraint, way);
    case 'bits':
      return (constraint.field === 'mark' || constraint.field === 'connmark') && constraint.mask !== 0 && constraint.value !== 0;
    case 'anyBit':
      return constraint.field === 'mark' || constraint.field === 'connmark';
    case 'interface': {
      const { name, prefix } = constraint;
      return name !== '' && !outside.some((link) => link === name || (prefix && link.startsWith(name)));
    }
    case 'addressType':
      return constraint.field === 'src' && constraint.types.every((type) => type === 'LOCAL');
    case 'opaque':
      return constraint.nature === 'pure';
    default:
      return constraint satisfies never;
  }
}

function isNarrowNumber({ field, ranges }: Extract<Constraint, { kind: 'number' }>, way: Way): boolean {
  const holds = (value: number): boolean => ranges.some(([from, to]) => from <= value && value <= to);
  if (field === 'state') return ranges.every(([from, to]) => from >= established && to <= related);
  if (field === 'proto') return ![tcp, udp, udplite, sctp].some(holds);
  // What is published, to whoever is behind this host.
  return way === 'FORWARD' && field === 'dport' && ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0) <= 1000;
}

/** Of tunnels, and of services that a cluster has published. */
function hasOwnPort(parts: readonly Constraint[]): boolean {
  const of = (field: 'proto' | 'dport') => parts.find((part) => part.kind === 'number' && part.field === field);
  const [proto, port] = [of('proto'), of('dport')];
  if (proto?.kind !== 'number' || port?.kind !== 'number') return false;
  const least = proto.ranges.every(([from, to]) => from === udp && to === udp) ? 1024 : 30_000;
  return port.ranges.every(([from, to]) => from >= least && to - from < 3000);
}

/** RFC 1918, 6598, 3927 and 4193, link-local and loopback. */
const privates: readonly (readonly [bigint, bigint])[] = [
  [0x0a000000n, 0x0affffffn],
  [0xac100000n, 0xac1fffffn],
  [0xc0a80000n, 0xc0a8ffffn],
  [0x64400000n, 0x647fffffn],
  [0xa9fe0000n, 0xa9feffffn],
  [0x7f000000n, 0x7fffffffn],
  [0xfcn << 120n, (0xfen << 120n) - 1n],
  [0xfe80n << 112n, (0xfec0n << 112n) - 1n],
];

function isPrivate([from, to]: readonly [bigint, bigint]): boolean {
  return privates.some(([first, last]) => first <= from && to <= last);
}

/** An eighth of all bits, and more of IPv6's, are said. */
function isNetwork([from, to]: readonly [bigint, bigint]): boolean {
  return to < 1n << 32n ? to - from < 1n << 24n : to - from < 1n << 104n;
}
