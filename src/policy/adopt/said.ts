import { type Family, formatProtocol, parseAddress, parsePrefix, type Ranges, ranges } from '../../model/net/index.ts';
import { states, tcpFlags } from '../../model/packet/index.ts';
import type { Condition, Match, RuleParts, Used } from '../../model/ruleset/index.ts';
import { flagWords } from '../compile/conditions.ts';
import { icmpWord, portWord, protocolWord } from './words.ts';

/** What a rule's matches say, in the words of a policy. */
export interface Said {
  readonly services: readonly string[];
  /** `from`, `via`, `state` and the like, as a policy has them. */
  readonly keys: Keys;
  /** So many of what it matches. */
  readonly upTo: { readonly 'up-to': string; readonly burst?: number } | null;
}
export type Keys = Readonly<Record<string, unknown>>;

export interface SaidOptions {
  readonly family: Family;
  /** A limit can be said of it. */
  readonly limits: boolean;
  /** Addresses of a set that never changes by itself; `null` of others. */
  readonly membersOf: (set: string) => readonly string[] | null;
}

interface Draft {
  readonly keys: Record<string, unknown>;
  proto: number | null;
  ports: Ranges<number> | null;
  sources: Ranges<number> | null;
  icmp: string | null;
  upTo: Said['upTo'];
}

/** `null`: no policy can say it. */
export function saidOf(parts: RuleParts, options: SaidOptions): Said | null {
  const draft: Draft = { keys: {}, proto: null, ports: null, sources: null, icmp: null, upTo: null };
  if (!parts.conditions.every((condition) => condition.value !== '' && ofCondition(condition, draft, options))) return null;
  if (!parts.matches.every((used) => ofMatch(used, draft, options))) return null;
  const services = servicesOf(draft, options.family);
  if (services === null) return null;
  if (draft.sources !== null)
    draft.keys['from-port'] = one(draft.sources.map(([lo, hi]) => (lo === hi ? `${lo}` : `${lo}-${hi}`)));
  return { services, keys: draft.keys, upTo: draft.upTo };
}

/** A value by itself, or a list of them. */
export function one<T>(values: readonly T[]): T | readonly T[] {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : values;
}

function put(draft: Draft, key: string, value: unknown): boolean {
  // Twice the same key would have to hold both.
  if (draft.keys[key] !== undefined) return false;
  draft.keys[key] = value;
  return true;
}

function ofCondition({ kind, inverted, value }: Condition, draft: Draft, { family }: SaidOptions): boolean {
  switch (kind) {
    case 'fragment':
      return false;
    case 'proto': {
      const number = protocolWord(value, family);
      if (number === undefined || inverted) return false;
      draft.proto = number === 0 ? null : number;
      return true;
    }
    case 'src':
    case 'dst':
      return address(draft, kind, value, inverted, family);
    case 'in':
    case 'out': {
      if (value === '+') return !inverted;
      return put(draft, kind === 'in' ? 'via' : 'out', inverted ? { 'any-except': value } : value);
    }
  }
}

function address(draft: Draft, side: 'src' | 'dst', value: string, inverted: boolean, family: Family): boolean {
  const prefix = parsePrefix(value);
  if (prefix?.family !== family) return false;
  // Everyone is not written.
  if (prefix.length === 0) return !inverted;
  const word = value.replace(family === 4 ? /\/32$/ : /\/128$/, '');
  return put(draft, side === 'src' ? 'from' : 'to', inverted ? { 'anyone-except': [word] } : [word]);
}

function ofMatch(used: Used<Match>, draft: Draft, options: SaidOptions): boolean {
  const { family } = options;
  switch (used.name) {
    case 'comment':
      return true;
    case 'tcp':
    case 'udp':
    case 'sctp':
    case 'dccp':
      return used.given.every(({ name, inverted, values: [value = '', more = ''] }) => {
        if (name === '--dport') return narrow(draft, 'ports', value, inverted);
        if (name === '--sport') return narrow(draft, 'sources', value, inverted);
        if (name === '--syn') return put(draft, 'flags', flagText('FIN,SYN,RST,ACK', 'SYN', inverted));
        return name === '--tcp-flags' && put(draft, 'flags', flagText(value, more, inverted));
      });
    case 'multiport':
      return used.given.every(({ name, inverted, values: [value = ''] }) => {
        if (name === '--dports') return narrow(draft, 'ports', value, inverted);
        return name === '--sports' && narrow(draft, 'sources', value, inverted);
      });
    case 'icmp':
    case 'icmp6':
      return used.given.every(({ inverted, values: [value = ''] }) => {
        if (inverted || draft.icmp !== null) return false;
        if (value === 'any' || value === '255') return family === 4;
        draft.icmp = icmpWord(value, family);
        return draft.icmp !== null;
      });
    case 'state':
    case 'conntrack':
      return used.given.every(({ name, inverted, values: [value = ''] }) => {
        if (name !== '--state' && name !== '--ctstate') return false;
        const named = value.split(',');
        if (!named.every((word) => states.some((state) => state === word))) return false;
        return put(
          draft,
          'state',
          one(states.filter((state) => named.includes(state) !== inverted).map((state) => state.toLowerCase())),
        );
      });
    case 'addrtype':
      return used.given.every(({ name, inverted, values: [value = ''] }) => {
        if (inverted || (name !== '--src-type' && name !== '--dst-type')) return false;
        const kinds =
          family === 4 ? ['LOCAL', 'BROADCAST', 'MULTICAST', 'ANYCAST', 'UNICAST'] : ['LOCAL', 'MULTICAST', 'ANYCAST'];
        return kinds.includes(value) && put(draft, name === '--src-type' ? 'from-kind' : 'to-kind', value.toLowerCase());
      });
    case 'iprange':
      return used.given.every(({ name, inverted, values: [value = ''] }) => {
        const [from = '', to = from] = value.split('-');
        const [lo, hi] = [parseAddress(from), parseAddress(to)];
        if (lo === undefined || hi === undefined || lo.value > hi.value) return false;
        const word = from === to ? from : `${from}-${to}`;
        return put(draft, name === '--src-range' ? 'from' : 'to', inverted ? { 'anyone-except': [word] } : [word]);
      });
    case 'set':
      return used.given.every(({ name, inverted, values: [set = '', side = ''] }) => {
        const members = name === '--match-set' && (side === 'src' || side === 'dst') ? options.membersOf(set) : null;
        if (members === null || members.length === 0) return false;
        return put(draft, side === 'src' ? 'from' : 'to', inverted ? { 'anyone-except': members } : members);
      });
    case 'limit':
      return options.limits && limit(used, draft);
    case 'ttl':
    case 'hl':
      return used.given.every(({ name, inverted, values: [value = ''] }) => {
        const number = /^\d{1,3}$/.test(value) ? Number(value) : 256;
        return !inverted && /^--(ttl|hl)-eq$/.test(name) && number < 256 && put(draft, 'hops', number);
      });
    case 'helper':
      return used.given.every(({ inverted, values: [value = ''] }) => {
        return !inverted && /^[A-Za-z0-9_.-]{1,16}$/.test(value) && put(draft, 'helper', value);
      });
    default:
      return false;
  }
}

const units: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day' };

function limit(used: Used<Match>, draft: Draft): boolean {
  if (draft.upTo !== null) return false;
  const value = (name: string): string | undefined => used.given.find((given) => given.name === name)?.values[0];
  const [, amount = '', unit = ''] = /^([1-9]\d{0,4})\/([smhd])[a-z]*$/.exec(value('--limit') ?? '3/hour') ?? [];
  const burst = Number(value('--limit-burst') ?? 5);
  if (amount === '' || !(burst >= 1 && burst <= 10_000)) return false;
  draft.upTo = { 'up-to': `${amount}/${units[unit]}`, ...(burst !== 5 && { burst }) };
  return true;
}

const highestPort = 65_535;

/** Ports as `22`, `1024:65535` or `80,443`. */
function narrow(draft: Draft, side: 'ports' | 'sources', text: string, inverted: boolean): boolean {
  if (draft[side] !== null || !/^[\d:,]+$/.test(text)) return false;
  const spans = ranges(
    ...text.split(',').map((word) => {
      const [lo = '', hi = lo] = word.split(':');
      return [lo === '' ? 0 : Number(lo), hi === '' ? highestPort : Number(hi)] as const;
    }),
  );
  const held = inverted ? outside(spans) : spans;
  if (held.length === 0 || (side === 'ports' && held[0]?.[0] === 0)) return false;
  draft[side] = held;
  return true;
}

function outside(spans: Ranges<number>): Ranges<number> {
  const left: [number, number][] = [];
  let from = 0;
  for (const [lo, hi] of spans) {
    if (from < lo) left.push([from, lo - 1]);
    from = hi + 1;
  }
  if (from <= highestPort) left.push([from, highestPort]);
  return left;
}

function flagText(mask: string, value: string, inverted: boolean): string {
  const bits = (text: string): number =>
    text === 'ALL' ? 63 : text.split(',').reduce((sum, name) => sum | (tcpFlags[name as keyof typeof tcpFlags] ?? 0), 0);
  const set = bits(value);
  return `${inverted ? 'not ' : ''}${set === 0 ? 'none' : flagWords(set)} of ${flagWords(bits(mask))}`;
}

function servicesOf({ proto, ports, sources, icmp, keys }: Draft, family: Family): readonly string[] | null {
  if (icmp !== null) return [icmp];
  if (proto === null) return ports === null && sources === null && keys['flags'] === undefined ? ['any'] : null;
  const name = formatProtocol(proto);
  // What stands for a protocol of the other family matches nothing here.
  if (/^\d/.test(name) || (proto === 51 && family === 6) || name === (family === 4 ? 'icmpv6' : 'icmp')) return null;
  return ports === null ? [name] : ports.map(([lo, hi]) => portWord(lo, hi, name));
}
