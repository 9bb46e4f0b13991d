import { failed, ok, type Problem, type Result } from '../../result.ts';
import { type Family, parseAddress, parsePrefix } from '../net/index.ts';
import { brief, shownText } from '../ruleset/index.ts';
import type { FactsJson } from './facts-json.ts';
import { type Fields, fieldsOf, mostFaults } from './fields.ts';
import { type Flowtable, readFlowtable } from './flowtable.ts';
import type { Backend, BaseChain, Link, LinkAddress, Listener, Route, XdpProgram } from './host.ts';
import { type HostFiles, readHostFile } from './host-file.ts';
import { type Fault, parseLocated, placesOf } from './json.ts';
import { parseDestination } from './link.ts';
import { parseBound } from './listener.ts';
import { type KernelModules, readModules } from './module.ts';
import { type PacketReader, readPacketReader } from './packet-reader.ts';
import { type Process, readProcess } from './process.ts';
import { type RoutingRule, readRoutingRule } from './routing-rule.ts';
import { readSession, type Session } from './session.ts';
import type { ConntrackLosses } from './settings.ts';
import { type SoftwareName, softwareNames } from './texts.ts';
import { readTrafficFilter, type TrafficFilters } from './traffic.ts';
import { readUnit, type Unit } from './unit.ts';
import { readXfrm, type Xfrm } from './xfrm.ts';

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
  readonly routingRules: readonly (RoutingRule & { readonly family: Family })[] | undefined;
  readonly xfrm: Xfrm | undefined;
  readonly flowtables: readonly Flowtable[] | undefined;
  readonly traffic: readonly TrafficFilters[] | undefined;
  readonly sessions: readonly Session[] | undefined;
  readonly packetReaders: readonly PacketReader[] | undefined;
  readonly helpers: readonly string[] | undefined;
  readonly expectations: number | undefined;
  readonly kernel: string | undefined;
  readonly installedKernels: readonly string[] | undefined;
  readonly kernelBuild: string | undefined;
  readonly packages: ReadonlyMap<string, string> | undefined;
  readonly software: ReadonlyMap<SoftwareName, string> | undefined;
  readonly modules: KernelModules | undefined;
  readonly files: HostFiles | undefined;
  readonly processes: readonly Process[] | undefined;
  readonly units: ReadonlyMap<string, Unit> | undefined;
  readonly auditRules: readonly string[] | undefined;
  readonly conntrackLosses: ConntrackLosses | undefined;
}

/** Everything that a facts file may say. */
export const factKeys = [
  'hostname',
  'backend',
  'links',
  'addresses',
  'routes',
  'routingRules',
  'listeners',
  'sessions',
  'packetReaders',
  'sysctls',
  'foreignChains',
  'flowtables',
  'xfrm',
  'traffic',
  'helpers',
  'expectations',
  'kernel',
  'installedKernels',
  'kernelBuild',
  'packages',
  'software',
  'modules',
  'files',
  'processes',
  'units',
  'auditRules',
  'conntrackLosses',
] as const satisfies readonly (keyof FactsJson)[];

/** Reads a facts file, latin1. Every problem names its place; of very many the first are told. */
export function parseFacts(text: string, file: string): Result<Facts> {
  const place = placesOf(text);
  const problem = ({ at, message, hint }: Fault): Problem => ({
    code: 'facts-syntax',
    at: { file, ...place(at) },
    message: brief(message),
    hint: brief(hint),
  });
  const parsed = parseLocated(text);
  if ('fault' in parsed) return failed(problem(parsed.fault));
  const faults: Fault[] = [];
  const facts = fieldsOf(parsed.value, 'a facts file', factKeys, faults);
  const result: Facts = {
    hostname: shown(facts.optionalText('hostname')),
    backend: facts.word('backend', ['nft', 'legacy']),
    links: withLoopback(facts.list('links', readLink)),
    addresses: withLoopbackAddresses(facts.list('addresses', (each) => readAddress(each, faults))),
    routes: facts.list('routes', (each) => readRoute(each, faults)),
    listeners: facts.list('listeners', readListener),
    sysctls: facts.texts('sysctls'),
    foreignChains: facts.list('foreignChains', readChain),
    routingRules: facts.list('routingRules', readRoutingRule),
    xfrm: facts.object('xfrm', readXfrm),
    flowtables: facts.list('flowtables', readFlowtable),
    traffic: facts.list('traffic', readTrafficFilter),
    sessions: facts.list('sessions', readSession),
    packetReaders: facts.list('packetReaders', readPacketReader),
    helpers: facts.words('helpers'),
    expectations: facts.optionalNumber('expectations', 0, 1e9),
    kernel: facts.optionalText('kernel'),
    installedKernels: facts.words('installedKernels'),
    kernelBuild: facts.optionalText('kernelBuild'),
    packages: facts.texts('packages'),
    software: facts.namedTexts('software', softwareNames),
    modules: facts.object('modules', readModules),
    files: byName(facts.list('files', readHostFile), ({ path }) => path),
    processes: facts.list('processes', readProcess),
    units: byName(facts.list('units', readUnit), ({ name }) => name),
    auditRules: facts.words('auditRules'),
    conntrackLosses: facts.object('conntrackLosses', readLosses),
  };
  if (faults.length === 0) return ok(result);
  const [next] = faults.splice(mostFaults);
  const problems = faults.map(problem);
  if (next !== undefined)
    problems.push(problem({ at: next.at, message: 'from here on, more is wrong', hint: 'mend the others first' }));
  return failed(...problems);
}

const nowhere = { family: 4, value: 0n } as const;

/** Longer names, and names with these, the kernel refuses (net/core/dev.c, dev_valid_name). */
const linkName = /^[^\s/:]{1,15}$/;

function readLink(fields: Fields): Link {
  const name = fields.text('name');
  // What a link cannot be called would say something else to the tools that make one.
  for (const key of ['name', 'master'])
    fields.parsed(key, (text) => (linkName.test(text) ? text : undefined), 'the name of a link, as ip link shows it');
  return {
    name,
    loopback: fields.optionalBoolean('loopback') ?? name === 'lo',
    up: fields.optionalBoolean('up') ?? true,
    kind: fields.optionalText('kind') ?? null,
    master: fields.optionalText('master') ?? null,
    vrfTable: fields.optionalText('vrfTable') ?? null,
    xdp: fields.list('xdp', readXdp) ?? [],
  };
}

function readXdp(fields: Fields): XdpProgram {
  return {
    mode: fields.word('mode', ['driver', 'generic', 'offload']) ?? 'driver',
    id: fields.optionalNumber('id', 0, 0xffffffff) ?? 0,
    name: shown(fields.optionalText('name')) ?? null,
  };
}

function withLoopback(links: readonly Link[] | undefined): readonly Link[] | undefined {
  if (links === undefined || links.some(({ loopback }) => loopback)) return links;
  return [{ name: 'lo', loopback: true, up: true, kind: null, master: null, vrfTable: null, xdp: [] }, ...links];
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
    source: fields.parsed('from', (text) => parseDestination(family, text), 'a network of the same family') ?? null,
    metric: fields.optionalNumber('metric', 0, 0xffffffff) ?? 0,
    tos: fields.optionalText('tos') ?? null,
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

function byName<T>(list: readonly T[] | undefined, name: (each: T) => string): ReadonlyMap<string, T> | undefined {
  return list === undefined ? undefined : new Map(list.map((each) => [name(each), each]));
}

function readLosses(fields: Fields): ConntrackLosses {
  const number = (key: string): number => fields.optionalNumber(key, 0, 1e15) ?? 0;
  return { insertFailed: number('insertFailed'), dropped: number('dropped'), earlyDropped: number('earlyDropped') };
}

function shown(text: string | undefined): string | undefined {
  return text === undefined ? undefined : shownText(text);
}
