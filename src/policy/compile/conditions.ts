import { bitsOf, type Family, formatProtocol, ICMP, ICMPV6, type Ranges, TCP } from '../../model/net/index.ts';
import type { Addresses, Rule, Service } from '../policy.ts';
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
  /** Matches that look things up, which cost more: they stand behind all others. */
  readonly sets?: readonly string[];
}

/** Lists of more networks than this become a set. */
const listedMost = 8;
/** Places of a multiport match; a range takes two (include/uapi/linux/netfilter/xt_multiport.h, XT_MULTI_PORTS). */
const portPlaces = 15;

/** Rules of iptables whose union is what the rule matches in one family; none if it speaks of the other family only. */
export function conditionsOf(
  rule: Pick<Rule, 'services' | 'from' | 'to' | 'via' | 'out'>,
  family: Family,
  sets: Sets,
): readonly Condition[] {
  const dimensions: readonly (readonly Condition[])[] = [
    addressConditions(rule.from, 'src', family, sets),
    addressConditions(rule.to, 'dst', family, sets),
    linkConditions(rule.via, 'in'),
    linkConditions(rule.out, 'out'),
    serviceConditions(rule.services, family),
  ];
  return dimensions.reduce<readonly Condition[]>(
    (all, some) =>
      all.flatMap((one) => some.map((other) => ({ ...one, ...other, sets: [...(one.sets ?? []), ...(other.sets ?? [])] }))),
    [{}],
  );
}

export function conditionText({ src, dst, in: via, out, service, sets }: Condition): string {
  return [src, dst, via, out, service, ...(sets ?? [])].filter((word) => word !== undefined && word !== '').join(' ');
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

function linkConditions(links: readonly string[] | null, field: 'in' | 'out'): readonly Condition[] {
  if (links === null) return [{}];
  return links.map((link) => ({ [field]: `${field === 'in' ? '-i' : '-o'} ${link}` }));
}

function serviceConditions(services: readonly Service[] | null, family: Family): readonly Condition[] {
  if (services === null) return [{}];
  return services
    .filter(({ families }) => families.includes(family))
    .flatMap(({ proto, ports, icmpType }) => {
      const name = protocolWord(proto);
      if (icmpType !== null)
        return [
          {
            service:
              proto === ICMP ? `-p icmp -m icmp --icmp-type ${icmpType}` : `-p ipv6-icmp -m icmp6 --icmpv6-type ${icmpType}`,
          },
        ];
      if (ports === null) return [{ service: `-p ${name}` }];
      return portMatches(name, ports).map((match) => ({ service: `-p ${name} ${match}` }));
    });
}

function portMatches(protocol: string, ports: Ranges<number>): readonly string[] {
  const [only] = ports;
  if (ports.length === 1 && only !== undefined) return [`-m ${protocol} --dport ${spanText(only)}`];
  return portLists(ports).map((list) => `-m multiport --dports ${list}`);
}

/** Matches of one rule for all ports but these. */
export function otherPorts(ports: Ranges<number>): string {
  return portLists(ports)
    .map((list) => `-m multiport ! --dports ${list}`)
    .join(' ');
}

/** As many lists as it takes of what one match holds. */
function portLists(ports: Ranges<number>): readonly string[] {
  if (ports.length === 0) return [];
  const lists: string[] = [];
  let words: string[] = [];
  let places = 0;
  for (const span of ports) {
    const takes = span[0] === span[1] ? 1 : 2;
    if (places + takes > portPlaces) {
      lists.push(words.join());
      [words, places] = [[], 0];
    }
    words.push(spanText(span));
    places += takes;
  }
  return [...lists, words.join()];
}

function spanText([lo, hi]: readonly [number, number]): string {
  return lo === hi ? String(lo) : `${lo}:${hi}`;
}

/** As iptables-save writes it; ICMPv6 has a name of its own there. */
function protocolWord(proto: number): string {
  return proto === ICMPV6 ? 'ipv6-icmp' : proto === TCP ? 'tcp' : formatProtocol(proto);
}
