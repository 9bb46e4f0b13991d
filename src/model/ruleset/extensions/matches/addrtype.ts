import { prefixRange, type Ranges, ranges } from '../../../net/index.ts';
import { type AddressType, addressTypes, allOf, always, type Constraint, invertIf, not } from '../../../packet/index.ts';
import { allMeanings, type Bad, bad, badValue, given, type Match, type Use } from '../../extension.ts';
import { options } from '../../option.ts';
import { choices } from '../../values/choice.ts';

const types = choices(addressTypes, 'any');

/** net/netfilter/xt_addrtype.c. IPv4 asks for one of the types; IPv6 for all of some and one of the others. */
export const addrtype: Match = {
  kind: 'match',
  name: 'addrtype',
  families: [4, 6],
  options: options(['! --src-type TYPES', types], ['! --dst-type TYPES', types], '--limit-iface-in', '--limit-iface-out'),

  meaning(use) {
    const isIn = given(use, '--limit-iface-in') !== undefined;
    const isOut = given(use, '--limit-iface-out') !== undefined;
    if (isIn && isOut) return bad('both --limit-iface-in and --limit-iface-out stand here', 'write one of them');
    const on = isIn ? 'in' : isOut ? 'out' : null;
    const src = given(use, '--src-type');
    const dst = given(use, '--dst-type');
    if (src === undefined && dst === undefined) return bad('-m addrtype names no type', 'write --src-type or --dst-type');
    return allMeanings(typeIs(use, '--src-type', 'src', on), typeIs(use, '--dst-type', 'dst', on));
  },
};

function typeIs(use: Use, name: string, field: 'src' | 'dst', on: 'in' | 'out' | null): Constraint | Bad {
  const one = given(use, name);
  if (one === undefined) return always;
  const types = (one.values[0] ?? '').split(',').map((text) => addressTypes.find((type) => type === text.toUpperCase()));
  const known = types.filter((type) => type !== undefined);
  if (known.length < types.length) return badValue(one, `write some of ${addressTypes.join(',')}`);
  if (use.family === 4) return invertIf(one.inverted, { kind: 'addressType', field, types: known, on });
  const strange = known.find((type) => !sixTypes.has(type));
  if (strange !== undefined) return badValue(one, `the kernel does not tell ${strange} apart for IPv6`);
  return invertIf(one.inverted, sixIs(known, field, on));
}

/** What addrtype_mt6_checkentry lets through. */
const sixTypes: ReadonlySet<AddressType> = new Set(['UNSPEC', 'UNICAST', 'LOCAL', 'ANYCAST', 'MULTICAST', 'UNREACHABLE']);

/** match_type6: the types that the address itself shows must all hold, then one of those that routes show. */
function sixIs(types: readonly AddressType[], field: 'src' | 'dst', on: 'in' | 'out' | null): Constraint {
  const routed = types.filter((type) => type === 'LOCAL' || type === 'ANYCAST' || type === 'UNREACHABLE');
  return allOf(
    types.includes('MULTICAST') ? { kind: 'address', field, ranges: multicast } : always,
    types.includes('UNICAST') ? not({ kind: 'address', field, ranges: notUnicast }) : always,
    types.includes('UNSPEC') ? { kind: 'address', field, ranges: unspecified } : always,
    routed.length > 0 ? { kind: 'addressType', field, types: routed, on } : always,
  );
}

/** RFC 4291 §2.4; what the kernel does not call unicast are these and the IPv4-mapped ones (__ipv6_addr_type). */
const unspecified: Ranges<bigint> = [[0n, 0n]];
const multicast: Ranges<bigint> = [prefixRange({ family: 6, value: 0xffn << 120n, length: 8 })];
const mapped = prefixRange({ family: 6, value: 0xffffn << 32n, length: 96 });
const notUnicast = ranges<bigint>([0n, 0n], mapped, ...multicast);
