import { failed, ok, type Problem, type Result } from '../../result.ts';
import { type Family, parseAddress, parsePrefix } from '../net/index.ts';
import { shownText } from '../ruleset/index.ts';
import { type Fields, fieldsOf } from './fields.ts';
import type { Backend, BaseChain, Link, LinkAddress, Listener, Route } from './host.ts';
import { type Fault, parseLocated, placeOf } from './json.ts';
import { parseDestination } from './link.ts';
import { parseBound } from './listener.ts';

/**
 * A facts file: what rulesets do not say of a host. Every key may be left out, and is then unknown; an empty list says
 * that there are none.
 *
 * @example
 * {"hostname": "web1", "backend": "nft", "foreignChains": [],
 *  "links": [{"name": "eth0"}], "addresses": [{"link": "eth0", "address": "198.51.100.10/24"}],
 *  "routes": [{"to": "default", "via": "198.51.100.1", "link": "eth0"}],
 *  "listeners": [{"proto": "tcp", "port": 22, "process": "sshd"}, {"proto": "tcp", "port": 5432, "address": "127.0.0.1"}],
 *  "sysctls": {"net.ipv4.ip_forward": "0"}}
 */
export interface FactsJson {
  readonly hostname?: string;
  /** The only backend of iptables that holds rules. */
  readonly backend?: Backend;
  /** The loopback link `lo` is there unless it is named otherwise. */
  readonly links?: readonly {
    readonly name: string;
    /** Default true. */
    readonly up?: boolean;
    /** Default: true for `lo` alone. */
    readonly loopback?: boolean;
    /** bridge, veth, wireguard, …; default: a plain device. */
    readonly kind?: string;
    /** The bridge or bond that it is a port of. */
    readonly master?: string;
  }[];
  /** 127.0.0.1/8 and ::1/128 are there unless addresses of `lo` are given. */
  readonly addresses?: readonly {
    readonly link: string;
    /** `ADDRESS/LENGTH`. */
    readonly address: string;
    /** The other end of a point-to-point link, `ADDRESS` or `ADDRESS/LENGTH`. */
    readonly peer?: string;
    readonly broadcast?: string;
    /** Default `global`. */
    readonly scope?: string;
  }[];
  readonly routes?: readonly {
    /** `default`, `ADDRESS` or `ADDRESS/LENGTH`. */
    readonly to: string;
    readonly link?: string;
    readonly via?: string;
    /** Default `main`. */
    readonly table?: string;
    /** Default `unicast`. */
    readonly type?: string;
    /** Of `default` without `via`; default 4. */
    readonly family?: Family;
  }[];
  readonly listeners?: readonly {
    readonly proto: 'tcp' | 'udp';
    readonly port: number;
    /** Left out, `*` or `::`: any address of both families. `0.0.0.0`: any of IPv4. */
    readonly address?: string;
    /** With `::`: IPv6 alone. */
    readonly v6only?: boolean;
    readonly link?: string;
    readonly process?: string;
  }[];
  /** By dotted name. */
  readonly sysctls?: Readonly<Record<string, string | number>>;
  /** Base chains of nftables that iptables did not make. */
  readonly foreignChains?: readonly {
    /** ip, ip6, inet, bridge, netdev, arp. */
    readonly family: string;
    readonly table: string;
    readonly chain: string;
    /** Default `filter`. */
    readonly type?: 'filter' | 'nat' | 'route';
    readonly hook: string;
    readonly priority: number;
    /** Default `accept`. */
    readonly policy?: 'accept' | 'drop';
    /** How many; default 0. */
    readonly rules?: number;
  }[];
}

/** What a facts file said; `undefined` is what it did not. */
export interface Facts {
  readonly hostname: string | undefined;
  readonly backend: Backend | undefined;
  readonly links: readonly Link[] | undefined;
  readonly addresses: readonly LinkAddress[] | undefined;
  readonly routes: readonly Route[] | undefined;
  readonly listeners: readonly Listener[] | undefined;
  readonly sysctls: ReadonlyMap<string, string> | undefined;
  readonly foreignChains: readonly BaseChain[] | undefined;
}

const keys = ['hostname', 'backend', 'links', 'addresses', 'routes', 'listeners', 'sysctls', 'foreignChains'] as const;

/** Reads a facts file, latin1. Every problem names its place. */
export function parseFacts(text: string, file: string): Result<Facts> {
  const problem = ({ at, message, hint }: Fault): Problem => ({
    code: 'facts-syntax',
    at: { file, ...placeOf(text, at) },
    message,
    hint,
  });
  const parsed = parseLocated(text);
  if ('fault' in parsed) return failed(problem(parsed.fault));
  const faults: Fault[] = [];
  const facts = fieldsOf(parsed.value, 'a facts file', keys, faults);
  const result: Facts = {
    hostname: shown(facts.optionalText('hostname')),
    backend: facts.word('backend', ['nft', 'legacy']),
    links: withLoopback(facts.list('links', readLink)),
    addresses: withLoopbackAddresses(facts.list('addresses', (each) => readAddress(each, faults))),
    routes: facts.list('routes', (each) => readRoute(each, faults)),
    listeners: facts.list('listeners', readListener),
    sysctls: facts.texts('sysctls'),
    foreignChains: facts.list('foreignChains', readChain),
  };
  return faults.length > 0 ? failed(...faults.map(problem)) : ok(result);
}

const nowhere = { family: 4, value: 0n } as const;

function readLink(fields: Fields): Link {
  const name = fields.text('name');
  return {
    name,
    loopback: fields.optionalBoolean('loopback') ?? name === 'lo',
    up: fields.optionalBoolean('up') ?? true,
    kind: fields.optionalText('kind') ?? null,
    master: fields.optionalText('master') ?? null,
  };
}

function withLoopback(links: readonly Link[] | undefined): readonly Link[] | undefined {
  if (links === undefined || links.some(({ loopback }) => loopback)) return links;
  return [{ name: 'lo', loopback: true, up: true, kind: null, master: null }, ...links];
}

function readAddress(fields: Fields, faults: Fault[]): LinkAddress {
  const link = fields.text('link');
  fields.text('address');
  const withLength = (text: string) => (text.includes('/') ? parsePrefix(text) : undefined);
  const prefix = fields.parsed('address', withLength, 'an address with its length, such as 198.51.100.10/24');
  const peer = fields.parsed('peer', parsePrefix, 'an address, or one with its length');
  const broadcast = fields.parsed('broadcast', parseAddress, 'an address');
  if (prefix !== undefined && [peer, broadcast].some((other) => other !== undefined && other.family !== prefix.family)) {
    faults.push({ at: fields.at, message: 'this address mixes IPv4 and IPv6', hint: 'keep to one family' });
  }
  return {
    link,
    prefix: prefix ?? { ...nowhere, length: 0 },
    peer: peer ?? null,
    broadcast: broadcast ?? null,
    scope: fields.optionalText('scope') ?? 'global',
  };
}

function withLoopbackAddresses(addresses: readonly LinkAddress[] | undefined): readonly LinkAddress[] | undefined {
  if (addresses === undefined || addresses.some(({ link }) => link === 'lo')) return addresses;
  const own = { link: 'lo', peer: null, broadcast: null, scope: 'host' };
  return [
    { ...own, prefix: { family: 4, value: 0x7f000001n, length: 8 } },
    { ...own, prefix: { family: 6, value: 1n, length: 128 } },
    ...addresses,
  ];
}

function readRoute(fields: Fields, faults: Fault[]): Route {
  fields.text('to');
  const gateway = fields.parsed('via', parseAddress, 'an address') ?? null;
  const said = fields.optionalNumber('family', 4, 6);
  const fallback: Family = said === 6 || (said === undefined && gateway?.family === 6) ? 6 : 4;
  const prefix = fields.parsed(
    'to',
    (text) => parseDestination(text.includes(':') ? 6 : text.includes('.') ? 4 : fallback, text),
    '"default", an address or a network',
  );
  if (said === 5 || (said !== undefined && prefix !== undefined && prefix.family !== said)) {
    faults.push({
      at: fields.at,
      message: 'the family of this route is not that of its destination',
      hint: 'leave "family" out',
    });
  }
  const family = prefix?.family ?? fallback;
  return {
    family,
    table: fields.optionalText('table') ?? 'main',
    type: fields.optionalText('type') ?? 'unicast',
    prefix: prefix ?? { ...nowhere, length: 0 },
    link: fields.optionalText('link') ?? null,
    gateway,
  };
}

function readListener(fields: Fields): Listener {
  fields.text('proto');
  const proto = fields.word('proto', ['tcp', 'udp']) ?? 'tcp';
  const port = fields.number('port', 0, 65535);
  const v6only = fields.optionalBoolean('v6only') ?? false;
  const read = (text: string) => parseBound(text === '::' && !v6only ? '*' : text.includes(':') ? `[${text}]` : text);
  const bound = fields.parsed('address', read, 'an address without its length, or "*"') ?? parseBound('*');
  return {
    proto,
    port,
    address: bound?.address ?? null,
    families: bound?.families ?? [],
    link: fields.optionalText('link') ?? null,
    process: shown(fields.optionalText('process')) ?? null,
  };
}

function readChain(fields: Fields): BaseChain {
  return {
    family: fields.text('family'),
    table: fields.text('table'),
    chain: fields.text('chain'),
    type: fields.word('type', ['filter', 'nat', 'route']) ?? 'filter',
    hook: fields.text('hook'),
    priority: fields.number('priority', -0x80000000, 0x7fffffff),
    policy: fields.word('policy', ['accept', 'drop']) ?? 'accept',
    rules: fields.optionalNumber('rules', 0, 1e9) ?? 0,
  };
}

function shown(text: string | undefined): string | undefined {
  return text === undefined ? undefined : shownText(text);
}
