import { closest } from '../../closest.ts';
import { type Family, ICMP, ICMPV6, parsePort, parseProtocol, type Ranges, ranges } from '../../model/net/index.ts';
import type { Service } from '../policy.ts';
import { catalogue } from './catalogue.ts';

/** Names that a policy gives to services of its own, by name. */
export type OwnServices = ReadonlyMap<string, readonly Service[]>;

/** Those whose ports iptables has a match for. */
export const portProtocols: ReadonlySet<number> = new Set([6, 17, 33, 132]);
const both: readonly Family[] = [4, 6];
const AH = 51;

/** What a word of a policy means: a name of its own or of the catalogue, `8443/tcp`, `6000-6010/udp`, `tcp`, `gre`; `undefined` of others. */
export function readService(word: string, own: OwnServices): readonly Service[] | undefined {
  const named = own.get(word);
  if (named !== undefined) return named;
  const known = Object.hasOwn(catalogue, word) ? catalogue[word] : undefined;
  if (known !== undefined) return known.split(' ').flatMap((part) => readPart(part) ?? []);
  return readPart(word);
}

/** What a name that is no service was probably meant to be. */
export function serviceHint(word: string, own: OwnServices): string {
  const near = closest(word, [...own.keys(), ...Object.keys(catalogue)]);
  return near === undefined
    ? 'write a service such as ssh, or a port and its protocol such as 8443/tcp'
    : `did you mean "${near}"?`;
}

/** Merges what is said of one protocol; in a fixed order. */
export function mergeServices(services: readonly Service[]): readonly Service[] {
  const merged = new Map<string, Service>();
  for (const service of services) {
    const key = `${service.proto} ${service.icmpType} ${service.icmpCode} ${service.families.join()}`;
    const before = merged.get(key);
    const ports = before === undefined ? service.ports : union(before.ports, service.ports);
    merged.set(key, { ...service, ports });
  }
  return [...merged.values()].sort((left, right) => left.proto - right.proto);
}

function union(left: Ranges<number> | null, right: Ranges<number> | null): Ranges<number> | null {
  return left === null || right === null ? null : ranges(...left, ...right);
}

function readPart(text: string): readonly Service[] | undefined {
  if (text === 'icmp:echo-request') {
    return [
      { proto: ICMP, ports: null, icmpType: 8, icmpCode: null, families: [4] },
      { proto: ICMPV6, ports: null, icmpType: 128, icmpCode: null, families: [6] },
    ];
  }
  const message = /^(icmp|icmpv6):(\d{1,3})(?:\/(\d{1,3}))?$/.exec(text);
  if (message !== null) {
    const [, word, type, code] = message;
    // Of IPv4 255 stands for every type (xt_icmp.h), which `icmp` says.
    if (Number(type) > 254 || Number(code ?? 0) > 255) return undefined;
    const [proto, family] = word === 'icmp' ? ([ICMP, 4] as const) : ([ICMPV6, 6] as const);
    return [
      { proto, ports: null, icmpType: Number(type), icmpCode: code === undefined ? null : Number(code), families: [family] },
    ];
  }
  const [before = '', after] = text.split('/');
  if (after === undefined) {
    const proto = parseProtocol(before);
    // A number alone may be meant as a port.
    if (proto === undefined || proto === 0 || /^\d/.test(before)) return undefined;
    return [{ proto, ports: null, icmpType: null, icmpCode: null, families: familiesOf(proto) }];
  }
  const proto = parseProtocol(after);
  if (proto === undefined || /^\d/.test(after) || !portProtocols.has(proto) || text.split('/').length > 2) return undefined;
  const span = readPorts(before);
  return span === undefined ? undefined : [{ proto, ports: [span], icmpType: null, icmpCode: null, families: both }];
}

function familiesOf(proto: number): readonly Family[] {
  // IPv6 walks past its extension headers, of which AH is one: no rule for the protocol ever meets it.
  if (proto === ICMP || proto === AH) return [4];
  return proto === ICMPV6 ? [6] : both;
}

function readPorts(text: string): readonly [number, number] | undefined {
  const [from = '', to] = text.split('-');
  const [lo, hi] = [parsePort(from), to === undefined ? parsePort(from) : parsePort(to)];
  if (lo === undefined || hi === undefined || lo > hi || lo === 0 || text.split('-').length > 2) return undefined;
  return [lo, hi];
}
