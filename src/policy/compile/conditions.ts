import { bitsOf, type Family, formatProtocol, ICMP, ICMPV6, type Ranges, TCP } from '../../model/net/index.ts';
import { type states, tcpFlags } from '../../model/packet/index.ts';
import type { Addresses, Conditions, MoreConditions, Service } from '../policy.ts';
import { prefixesOf, prefixText } from './prefixes.ts';
import type { Sets } from './sets.ts';

/** Words of one rule of iptables, by what they match, in the order in which iptables-save prints them. */
export interface Condition {
  readonly src?: string;
  readonly dst?: string;
  readonly in?: string;
  readonly out?: string;
  /** `-p …` and the match of the protocol. */
  readonly service?: string;
  /** What tracking says, and what addresses are to this host. */
  readonly more?: string;
  /** Matches that look things up, which cost more: they stand behind all others. */
  readonly sets?: readonly string[];
}

/** Lists of more networks than this become a set. */
const listedMost = 8;
/** Places of a multiport match; a range takes two (include/uapi/linux/netfilter/xt_multiport.h, XT_MULTI_PORTS). */
const portPlaces = 15;

/** Rules of iptables whose union is what the rule matches in one family; none if it speaks of the other family only. */
export function conditionsOf(rule: Conditions, family: Family, sets: Sets): readonly Condition[] {
  const more = rule.more ?? null;
  if (more !== null && !more.families.includes(family)) return [];
  const dimensions: readonly (readonly Condition[])[] = [
    addressConditions(rule.from, 'src', family, sets),
    addressConditions(rule.to, 'dst', family, sets),
    linkConditions(rule.via, more?.notVia ?? null, 'in'),
    linkConditions(rule.out, more?.notOut ?? null, 'out'),
    serviceConditions(rule.services, family, more),
    more === null ? [{}] : [{ more: moreText(more, family) }],
  ];
  return dimensions.reduce<readonly Condition[]>(
    (all, some) =>
      all.flatMap((one) => some.map((other) => ({ ...one, ...other, sets: [...(one.sets ?? []), ...(other.sets ?? [])] }))),
    [{}],
  );
}

export function conditionText({ src, dst, in: via, out, service, more, sets }: Condition): string {
  return [src, dst, via, out, service, more, ...(sets ?? [])].filter((word) => word !== undefined && word !== '').join(' ');
}

function addressConditions(addresses: Addresses | null, field: 'src' | 'dst', family: Family, sets: Sets): readonly Condition[] {
  if (addresses === null) return [{}];
  const ranges = addresses.ranges[family];
  const { except } = addresses;
  const whole = (1n << BigInt(bitsOf(family))) - 1n;
  const isAll = ranges.length === 1 && ranges[0]?.[0] === 0n && ranges[0][1] === whole;
  if (ranges.length === 0 || isAll) return (ranges.length === 0) === except ? [{}] : [];
  const flag = field === 'src' ? '-s' : '-d';
  const prefixes = prefixesOf(family, ranges);
  const [only] = prefixes;
  if (prefixes.length === 1 && only !== undefined) return [{ [field]: `${except ? '! ' : ''}${flag} ${prefixText(only)}` }];
  // None of several is no union of rules.
  if (!except && prefixes.length <= listedMost) return prefixes.map((prefix) => ({ [field]: `${flag} ${prefixText(prefix)}` }));
  return [{ sets: [`-m set ${except ? '! ' : ''}--match-set ${sets.nameOf(family, ranges)} ${field}`] }];
}

function linkConditions(links: readonly string[] | null, except: string | null, field: 'in' | 'out'): readonly Condition[] {
  const flag = field === 'in' ? '-i' : '-o';
  if (except !== null) return [{ [field]: `! ${flag} ${except}` }];
  if (links === null) return [{}];
  return links.map((link) => ({ [field]: `${flag} ${link}` }));
}

function moreText({ states: within, fromKind, toKind, hops, helper }: MoreConditions, family: Family): string {
  const words: string[] = [];
  if (within !== null) words.push(`-m conntrack --ctstate ${savedStates.filter((state) => within.includes(state)).join()}`);
  if (fromKind !== null || toKind !== null) words.push('-m addrtype');
  if (fromKind !== null) words.push(`--src-type ${fromKind}`);
  if (toKind !== null) words.push(`--dst-type ${toKind}`);
  if (hops !== null) words.push(family === 4 ? `-m ttl --ttl-eq ${hops}` : `-m hl --hl-eq ${hops}`);
  if (helper !== null) words.push(`-m helper --helper ${helper}`);
  return words.join(' ');
}

/** In the order in which iptables-save prints them (libxt_conntrack.c, print_state). */
const savedStates: readonly (typeof states)[number][] = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED'];

export function serviceConditions(
  services: readonly Service[] | null,
  family: Family,
  more: MoreConditions | null = null,
): readonly Condition[] {
  if (services === null) return [{}];
  return services
    .filter(({ families }) => families.includes(family))
    .flatMap(({ proto, ports, icmpType, icmpCode }) => {
      const name = protocolWord(proto);
      if (icmpType !== null) {
        const type = icmpCode === null ? String(icmpType) : `${icmpType}/${icmpCode}`;
        return [
          { service: proto === ICMP ? `-p icmp -m icmp --icmp-type ${type}` : `-p ipv6-icmp -m icmp6 --icmpv6-type ${type}` },
        ];
      }
      const sources = more?.sourcePorts ?? null;
      const flags = more?.flags ?? null;
      const either = (own: Ranges<number> | null, side: 's' | 'd'): readonly string[] =>
        own === null ? [''] : portMatches(name, own, side);
      return either(sources, 's').flatMap((source) =>
        either(ports, 'd').map((match) => ({
          service: serviceText(name, [source, match, flags === null ? '' : flagsText(flags)]),
        })),
      );
    });
}

/** Options of one match stand behind its name once. */
function serviceText(protocol: string, matches: readonly string[]): string {
  const lead = `-m ${protocol} `;
  const parts = matches.filter((text) => text !== '');
  const own = parts.filter((text) => text.startsWith(lead)).map((text) => text.slice(lead.length));
  const others = parts.filter((text) => !text.startsWith(lead));
  return [`-p ${protocol}`, ...(own.length > 0 ? [`${lead}${own.join(' ')}`] : []), ...others].join(' ');
}

function flagsText({ mask, value, except }: NonNullable<MoreConditions['flags']>): string {
  return `-m tcp ${except ? '! ' : ''}--tcp-flags ${flagWords(mask)} ${flagWords(value)}`;
}

/** Flags as iptables writes them. */
export function flagWords(bits: number): string {
  const words = Object.entries(tcpFlags).flatMap(([name, bit]) => ((bits & bit) === 0 ? [] : [name]));
  return words.length === 0 ? 'NONE' : ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'].filter((name) => words.includes(name)).join();
}

function portMatches(protocol: string, ports: Ranges<number>, side: 's' | 'd'): readonly string[] {
  const [only] = ports;
  if (ports.length === 1 && only !== undefined) return [`-m ${protocol} --${side}port ${spanText(only)}`];
  const matches: string[] = [];
  let words: string[] = [];
  let places = 0;
  for (const span of ports) {
    const takes = span[0] === span[1] ? 1 : 2;
    if (places + takes > portPlaces) {
      matches.push(`-m multiport --${side}ports ${words.join()}`);
      [words, places] = [[], 0];
    }
    words.push(spanText(span));
    places += takes;
  }
  return [...matches, `-m multiport --${side}ports ${words.join()}`];
}

function spanText([lo, hi]: readonly [number, number]): string {
  return lo === hi ? String(lo) : `${lo}:${hi}`;
}

/** As iptables-save writes it; ICMPv6 has a name of its own there. */
function protocolWord(proto: number): string {
  return proto === ICMPV6 ? 'ipv6-icmp' : proto === TCP ? 'tcp' : formatProtocol(proto);
}
