import { problemLine, type Result } from '../../result.ts';
import type { Family } from '../net/index.ts';
import type { Ruleset } from '../ruleset/index.ts';
import { decideRules } from './backends.ts';
import { type NftChains, parseNftChains } from './chain.ts';
import { type OpenSocket, parseOpenSockets, parseTracked, type TrackedConnection } from './connection.ts';
import { parseFlowtables } from './flowtable.ts';
import type { Backend, Host, IpSet, Route } from './host.ts';
import { parseFiles } from './host-file.ts';
import { parseSets } from './ipset.ts';
import { type Known, known, mapKnown, unknown } from './known.ts';
import { parseLinkAddresses, parseLinks } from './link.ts';
import { parseListeners } from './listener.ts';
import { parseModules } from './module.ts';
import { softwareFacts } from './packages/index.ts';
import { parsePacketReaders } from './packet-reader.ts';
import { parseProcesses } from './process.ts';
import { parseRoutes } from './route.ts';
import { parseRoutingRules, type RoutingRule } from './routing-rule.ts';
import { parseSessions } from './session.ts';
import { bridgeFilterOf, conntrackOf, helpersOf, logBackendsOf, parseLosses, type Settings } from './settings.ts';
import { countLines, parseAuditRules, parseKernel, parseNames, parseNamespaces } from './software.ts';
import { hasIpv6, parseSysctls } from './sysctl.ts';
import type { HostTexts, TextName, TextRead } from './texts.ts';
import { parseTcx, parseTraffic, type TrafficFilters } from './traffic.ts';
import { parseUnits } from './unit.ts';
import { unread } from './unread.ts';
import { withVolatility } from './volatile.ts';
import { noXfrm, parseXfrm } from './xfrm.ts';

export interface LiveOptions {
  /** Whose rules to take when both backends hold some. Without it they are then unknown. */
  readonly backend?: Backend;
  /** An earlier reading: a ruleset whose text is the same to the byte is taken from it. */
  readonly before?: Host;
}

/** Understands what a machine's tools printed. Whatever is missing, or not understood whole, is unknown with its reason. */
export function hostFromTexts({ name, readAt, texts, software }: HostTexts, options: LiveOptions = {}): Host {
  const nftChains = readChains(texts.nftChains);
  const rulesOf = (family: Family) =>
    decideRules(
      family,
      {
        nftSave: texts[`nftSave${family}`],
        legacySave: texts[`legacySave${family}`],
        nftRules: texts[`nftRules${family}`],
        nftChains,
      },
      options.backend,
      rulesetsIn(options.before?.backends[family]),
    );
  const [four, six] = [rulesOf(4), rulesOf(6)];
  const sysctls = understood(texts.sysctls, 'the kernel settings', parseSysctls);
  const setting = <T>(what: string, read: (settings: Settings) => T | undefined): Known<T> =>
    sysctls.known ? understood(texts.sysctls, what, () => read(asSettings(sysctls.value))) : sysctls;
  const listeners = understood(texts.listeners, 'the listening sockets', parseListeners);
  const noIpv6 = sysctls.known && sysctls.value.size > 0 && !hasIpv6(sysctls.value);
  const kernel = understood(texts.kernel, 'the version of the kernel', parseKernel);
  return {
    name,
    readAt,
    origin: 'live',
    rulesets: { 4: four.ruleset, 6: six.ruleset },
    backends: { 4: four.backends, 6: six.backends },
    nativeRules: { 4: four.native, 6: six.native },
    foreignChains: mapKnown(nftChains, ({ foreign }) => foreign),
    flowtables: orNone(texts.flowtables, [], understood(texts.flowtables, 'the flowtables of nftables', parseFlowtables)),
    sets: mapKnown(readSets(texts.ipsets), (sets) =>
      withVolatility(sets, [texts.nftSave4, texts.nftSave6, texts.legacySave4, texts.legacySave6].map(textOf)),
    ),
    links: understood(texts.links, 'the links', parseLinks),
    addresses: understood(texts.addresses, 'the addresses of the links', parseLinkAddresses),
    routes: readRoutes(texts, noIpv6),
    routingRules: { 4: readRoutingRules(texts, 4), 6: noIpv6 ? known([]) : readRoutingRules(texts, 6) },
    bridgeFilter: setting('what bridges hand to the rules', bridgeFilterOf),
    xfrm: orNone(texts.xfrm, noXfrm, understood(texts.xfrm, 'the IPsec policies', parseXfrm)),
    traffic: readTraffic(texts),
    listeners,
    sessions: readSessions(texts.sessions, listeners),
    packetReaders: understood(texts.packetReaders, 'the sockets that see every packet', parsePacketReaders),
    sysctls,
    conntrack: setting('the connection table', conntrackOf),
    conntrackLosses: orNone(
      texts.conntrackLosses,
      null,
      understood(texts.conntrackLosses, 'what the connection table lost', parseLosses),
    ),
    helpers: readHelpers(texts.moduleNames, sysctls),
    expectations: orNone(texts.expectations, 0, understood(texts.expectations, 'the expected connections', countLines)),
    logBackends: setting('who writes the log of the rules', logBackendsOf),
    kernel,
    installedKernels: understood(texts.installedKernels, 'the installed kernels', parseNames),
    ...softwareFacts(software ?? {}, kernel, software === null ? notAsked : noManager),
    modules: understood(texts.modules, 'the modules of the kernel', parseModules),
    files: understood(texts.files, 'the files that set the host up', parseFiles),
    processes: understood(texts.processes, 'the processes', parseProcesses),
    units: understood(texts.units, 'the services of systemd', parseUnits),
    auditRules: understood(texts.auditRules, 'what the kernel records', parseAuditRules),
    namespaces: understood(texts.namespaces, 'the network namespaces', parseNamespaces),
  };
}

const notAsked = unknown('the package manager was not asked', 'ask with `palisade updates`');
const noManager = unknown(
  'no package manager that palisade knows told it: neither dpkg, nor rpm, nor apk',
  'compare the versions of iptables and the kernel with those of your distribution by hand',
);
/** What goes on at the moment of a reading. */
export interface Connections {
  readonly sockets: Known<readonly OpenSocket[]>;
  /** None where the kernel tracks nothing. */
  readonly tracked: Known<readonly TrackedConnection[]>;
}

export function connectionsFromTexts({
  sockets,
  tracked,
}: {
  readonly sockets: TextRead;
  readonly tracked: TextRead;
}): Connections {
  return {
    sockets: understood(sockets, 'the open sockets', parseOpenSockets),
    tracked: orNone(tracked, [], understood(tracked, 'the tracked connections', parseTracked)),
  };
}

function rulesetsIn(backends: Host['backends'][Family] | undefined): readonly Ruleset[] {
  if (backends?.known !== true) return [];
  return [backends.value.nft, backends.value.legacy].filter((ruleset) => ruleset !== null);
}

function readChains(read: TextRead): Known<NftChains> {
  const what = 'the base chains of nftables';
  if (!read.read)
    return read.why === 'unused' ? known({ foreign: [], iptables: new Set(), asleep: new Set() }) : unread(read, what);
  const chains = parseNftChains(read.text);
  return 'fault' in chains ? misread(what, chains.fault, read.command) : known(chains);
}

function readSets(read: TextRead): Known<ReadonlyMap<string, IpSet>> {
  if (!read.read) return read.why === 'unused' ? known(new Map()) : unread(read, 'the ipsets');
  const sets: Result<ReadonlyMap<string, IpSet>> = parseSets(read.text, read.command);
  return sets.ok ? known(sets.value) : misread('the ipsets', sets.problems.map(problemLine).join('; '), read.command);
}

function readRoutes(texts: HostTexts['texts'], noIpv6: boolean): Known<readonly Route[]> {
  const of = (family: Family): Known<readonly Route[]> =>
    understood(texts[`routes${family}` satisfies TextName], `the IPv${family} routes`, (text) => parseRoutes(family, text));
  const four = of(4);
  const six = noIpv6 ? known([]) : of(6);
  if (!four.known) return four;
  return mapKnown(six, (routes) => [...four.value, ...routes]);
}

function readRoutingRules(texts: HostTexts['texts'], family: Family): Known<readonly RoutingRule[]> {
  return understood(texts[`rules${family}` satisfies TextName], `the IPv${family} routing rules`, (text) =>
    parseRoutingRules(family, text),
  );
}

/** Both kinds of filters or neither: one that was not seen may drop all that the other lets pass. */
function readTraffic(texts: HostTexts['texts']): Known<readonly TrafficFilters[]> {
  const filters = understood(texts.traffic, 'the filters of traffic control', parseTraffic);
  if (!filters.known) return filters;
  const programs = orNone(texts.tcx, [], understood(texts.tcx, 'the BPF programs of traffic control', parseTcx));
  return mapKnown(programs, (more) => [...filters.value, ...more]);
}

function readSessions(read: TextRead, listeners: Host['listeners']): Host['sessions'] {
  return understood(read, 'the sessions', (text) => parseSessions(text, listeners.known ? listeners.value : []));
}

function readHelpers(modules: TextRead, sysctls: Host['sysctls']): Host['helpers'] {
  if (!sysctls.known) return sysctls;
  return understood(modules, 'the helpers of conntrack', (text) => helpersOf(text, asSettings(sysctls.value)));
}

/** What grep printed are all settings of the kinds that it looked for. */
function asSettings(values: ReadonlyMap<string, string>): Settings {
  return { values, whole: values.size > 0 };
}

function understood<T>(read: TextRead, what: string, parse: (text: string) => T | undefined): Known<T> {
  if (!read.read) return unread(read, what);
  const value = parse(read.text);
  return value === undefined ? misread(what, 'its output has a form that palisade does not know', read.command) : known(value);
}

/** Where the kernel lacks the part that would hold them, there are none. */
function orNone<T>(read: TextRead, none: T, fact: Known<T>): Known<T> {
  return !read.read && read.why === 'unused' ? known(none) : fact;
}

function misread(what: string, why: string, command: string): Known<never> {
  return unknown(`${what} could not be understood: ${why}`, `please report it with what \`${command}\` prints`);
}

function textOf(read: TextRead): string {
  return read.read ? read.text : '';
}
