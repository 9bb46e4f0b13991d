import { bitsOf, type Family, formatAddress, formatPrefix, formatProtocol, type Ranges, ranges } from '../../model/net/index.ts';
import { clockBounds, ctStatus, kernelUid, packetTypes, states, tcpFlags } from '../../model/packet/index.ts';
import { clockText } from '../evaluate/unsaid-text.ts';
import type { Codes } from '../space/index.ts';
import type { FieldName, Layout } from '../symbolic/index.ts';
import type { Dimension } from './dimensions.ts';

/** Something that packets of a region have in common. */
export type Condition =
  /**
   * A field has one of the values, or with `not` none of them. Addresses are prefixes or `FIRST-LAST`, numbers `N` or
   * `FIRST-LAST`, links names (`veth*`: those that begin so and that no rule names), flags such as `SYN,!ACK`, marks
   * `VALUE/MASK`; `none` where the packet has no such field.
   */
  | {
      readonly kind: 'field';
      readonly field: FieldName | 'mark' | 'connmark';
      readonly not: boolean;
      readonly values: readonly string[];
    }
  /** A match that no field tells, as it stands in the rule. */
  | { readonly kind: 'match'; readonly text: string; readonly holds: boolean };

/** What is said of fields, in the order in which people say it. */
export function conditionsOf(layout: Layout, cube: ReadonlyMap<Dimension, Codes>): readonly Condition[] {
  const conditions: Condition[] = [];
  const marks = { mark: { mask: 0, value: 0 }, connmark: { mask: 0, value: 0 } };
  for (const [dimension, codes] of cube) {
    const isOne = codes[0] === 1;
    if (dimension.kind === 'field') conditions.push(fieldCondition(layout, dimension.field, codes));
    else if (dimension.kind === 'bit') {
      const bit = (1 << dimension.bit) >>> 0;
      const mark = marks[dimension.field];
      mark.mask = (mark.mask | bit) >>> 0;
      if (isOne) mark.value = (mark.value | bit) >>> 0;
    }
  }
  for (const field of ['mark', 'connmark'] as const) {
    const { mask, value } = marks[field];
    if (mask !== 0)
      conditions.push({ kind: 'field', field, not: false, values: [`0x${value.toString(16)}/0x${mask.toString(16)}`] });
  }
  return conditions.sort((left, right) => placeOf(left) - placeOf(right));
}

const order: readonly string[] = [
  'proto', 'src', 'dst', 'dport', 'sport', 'in', 'out', 'state', 'icmpType', 'icmpCode', 'flags', 'uid', 'gid', 'pktType', 'tos',
]; // biome-ignore format: a list of names

function placeOf(condition: Condition): number {
  if (condition.kind === 'match') return Number.POSITIVE_INFINITY;
  const at = order.indexOf(condition.field);
  return at < 0 ? 50 : at;
}

function fieldCondition(layout: Layout, field: FieldName, codes: Codes): Condition {
  const said = (not: boolean, values: readonly string[]): Condition => ({ kind: 'field', field, not, values });
  switch (field) {
    case 'src':
    case 'dst':
    case 'origSrc':
    case 'origDst': {
      const most = (1n << BigInt(bitsOf(layout.family))) - 1n;
      const own = intervals(codes, (code) => layout.addressesOf(field, code));
      const others = complement(own, 0n, most, 1n);
      const not = others.length < own.length;
      return said(
        not,
        (not ? others : own).flatMap((one) => addressWords(layout.family, one)),
      );
    }
    case 'in':
    case 'out':
      return linkCondition(layout, codes, said);
    case 'state':
      return stateCondition(codes, said);
    case 'fragment':
      return said(false, [codes[0] === 1 ? 'later' : 'first']);
    case 'direction':
      return said(false, [codes[0] === 1 ? 'reply' : 'original']);
    case 'flags':
    case 'status':
      return said(false, bitWords(codes, field === 'flags' ? tcpFlags : ctStatus));
    case 'exempt':
    case 'template':
    case 'shortened':
    case 'clamped':
      // Only behind earlier chains, which may have said so.
      return said(false, [codes[0] === 0 ? 'no' : 'yes']);
    case 'weekday':
    case 'monthday':
    case 'second':
    case 'date':
      return said(false, [
        clockText(
          field,
          intervals(codes, (code) => layout.numbersOf(field, code) ?? [0, 0]),
        ),
      ]);
    default: {
      const absent = intervals(codes, (code) => layout.numbersOf(field, code) ?? [-1, -1]);
      const own = absent.filter(([lo]) => lo >= 0);
      const lacks = own.length < absent.length;
      const others = complement(own, 0, largest[field] ?? 65_535, 1);
      const words = (values: Ranges<number>): readonly string[] => values.map(([lo, hi]) => numberWords(field, lo, hi));
      // That a packet may lack the field is said by leaving out the values that it does not have.
      if (others.length < own.length || (lacks && own.length > 0 && others.length > 0)) return said(true, words(others));
      return said(false, [...words(own), ...(lacks ? ['none'] : [])]);
    }
  }
}

/** Greatest values of fields that are no ports. */
const largest: Readonly<Partial<Record<FieldName, number>>> = {
  proto: 255,
  icmpType: 255,
  icmpCode: 255,
  ttl: 255,
  mac: 0xffff_ffff_ffff,
  origProto: 255,
  tos: 255,
  pktType: packetTypes.length - 1,
  uid: kernelUid,
  gid: kernelUid - 1,
  ...clockBounds,
};

/** Values of codes, one interval for neighbours. */
function intervals<T extends number | bigint>(codes: Codes, valuesOf: (code: number) => readonly [T, T]): Ranges<T> {
  const list: (readonly [T, T])[] = [];
  for (let at = 0; at < codes.length; at += 2) {
    const last = valuesOf(codes[at + 1] as number);
    // What lacks the field has the last code, which is no neighbour of a value.
    if (last[0] === -1 && codes[at] !== codes[at + 1]) {
      list.push([valuesOf(codes[at] as number)[0], valuesOf((codes[at + 1] as number) - 1)[1]], last);
    } else list.push([valuesOf(codes[at] as number)[0], last[1]]);
  }
  const lacks = list.filter(([lo]) => lo === -1);
  return [...lacks, ...ranges(...list.filter(([lo]) => lo !== -1))];
}

function complement<T extends number | bigint>(of: Ranges<T>, first: T, last: T, one: T): Ranges<T> {
  const rest: (readonly [T, T])[] = [];
  let from = first;
  for (const [lo, hi] of of) {
    if (lo > from) rest.push([from, minus(lo, one)]);
    from = plus(hi, one);
  }
  if (from <= last) rest.push([from, last]);
  return rest;
}

function plus<T extends number | bigint>(left: T, right: T): T {
  return ((left as number) + (right as number)) as T;
}

function minus<T extends number | bigint>(left: T, right: T): T {
  return ((left as number) - (right as number)) as T;
}

/** States by name, or those that are left out if they are fewer. */
function stateCondition(codes: Codes, said: (not: boolean, values: readonly string[]) => Condition): Condition {
  const isIn = (_: string, code: number): boolean => {
    for (let at = 0; at < codes.length; at += 2)
      if ((codes[at] as number) <= code && code <= (codes[at + 1] as number)) return true;
    return false;
  };
  const own = states.filter(isIn);
  const others = states.filter((name, code) => !isIn(name, code));
  return others.length < own.length && others.length > 0 ? said(true, others) : said(false, own);
}

/** Links that no rule names are said by those that are named and left out. */
function linkCondition(layout: Layout, codes: Codes, said: (not: boolean, values: readonly string[]) => Condition): Condition {
  const { interfaces } = layout;
  const nameOf = (code: number): string => {
    const beginning = interfaces.beginningOf(code);
    return beginning === null ? interfaces.nameOf(code) : `${beginning}*`;
  };
  const has = new Set<number>();
  for (let at = 0; at < codes.length; at += 2)
    for (let code = codes[at] as number; code <= (codes[at + 1] as number); code += 1) has.add(code);
  const every = Array.from({ length: interfaces.size - 1 }, (_, index) => index + 1);
  const [own, others] = [every.filter((code) => has.has(code)), every.filter((code) => !has.has(code))];
  if (own.length === 0) return said(false, ['none']);
  const isOpen = own.some((code) => interfaces.beginningOf(code) === '');
  return isOpen && others.length > 0 ? said(true, others.map(nameOf)) : said(false, own.map(nameOf));
}

export function numberWords(field: FieldName, lo: number, hi: number): string {
  const one = (value: number): string => {
    if (field === 'mac')
      return value
        .toString(16)
        .padStart(12, '0')
        .replace(/(..)(?!$)/g, '$1:');
    if (field === 'pktType') return packetTypes[value] ?? String(value);
    if (field === 'uid' && value === kernelUid) return 'kernel';
    if (field === 'tos') return `0x${value.toString(16).padStart(2, '0')}`;
    return field === 'proto' || field === 'origProto' ? formatProtocol(value) : String(value);
  };
  if (lo === hi) return one(lo);
  return field === 'proto' || field === 'origProto' ? `${lo}-${hi}` : `${one(lo)}-${one(hi)}`;
}

/** One prefix, two that meet, or the ends. */
function addressWords(family: Family, [lo, hi]: readonly [bigint, bigint]): readonly string[] {
  const one = (value: bigint): string => formatAddress({ family, value });
  if (lo === hi) return [one(lo)];
  const prefixes: string[] = [];
  let from = lo;
  while (from <= hi) {
    let free = 0;
    while (free < bitsOf(family) && ((from >> BigInt(free)) & 1n) === 0n && from + (1n << BigInt(free + 1)) - 1n <= hi) free += 1;
    prefixes.push(free === 0 ? one(from) : formatPrefix({ family, value: from, length: bitsOf(family) - free }));
    if (prefixes.length > 2) return [`${one(lo)}-${one(hi)}`];
    from += 1n << BigInt(free);
  }
  return prefixes;
}

/** Sets of bits as few patterns: `SYN,!ACK` has the one and not the other; `any` and `no` of them. */
function bitWords(codes: Codes, names: Readonly<Record<string, number>>): readonly string[] {
  const has = new Uint8Array(64);
  for (let at = 0; at < codes.length; at += 2) has.fill(1, codes[at], (codes[at + 1] as number) + 1);
  const named = Object.entries(names).sort(([, left], [, right]) => right - left);
  const patterns = (depth: number, base: number): readonly (readonly string[])[] => {
    const entry = named[depth];
    if (entry === undefined) return has[base] === 1 ? [[]] : [];
    const [name, bit] = entry;
    const [without, with_] = [patterns(depth + 1, base), patterns(depth + 1, base | bit)];
    if (JSON.stringify(without) === JSON.stringify(with_)) return without;
    return [...with_.map((rest) => [name, ...rest]), ...without.map((rest) => [`!${name}`, ...rest])];
  };
  return patterns(0, 0).map((pattern) => {
    const set = pattern.filter((name) => !name.startsWith('!'));
    if (pattern.length === named.length) return set.length === 0 ? 'none' : set.length === named.length ? 'all' : set.join('+');
    return pattern.join(',');
  });
}
