import { problemLine, type Result } from '../../result.ts';
import type { Family } from '../net/index.ts';
import { decideRules } from './backends.ts';
import { type NftChains, parseNftChains } from './chain.ts';
import type { Backend, Host, IpSet, Route } from './host.ts';
import { parseSets } from './ipset.ts';
import { type Known, known, mapKnown, unknown } from './known.ts';
import { parseLinkAddresses, parseLinks } from './link.ts';
import { parseListeners } from './listener.ts';
import { hasSourceRoutes, parseRoutes } from './route.ts';
import { hasIpv6, parseSysctls } from './sysctl.ts';
import type { HostTexts, TextName, TextRead } from './texts.ts';
import { unread } from './unread.ts';
import { withVolatility } from './volatile.ts';

export interface LiveOptions {
  /** Whose rules to take when both backends hold some. Without it they are then unknown. */
  readonly backend?: Backend;
}

/** Understands what a machine's tools printed. Whatever is missing, or not understood whole, is unknown with its reason. */
export function hostFromTexts({ name, readAt, texts }: HostTexts, options: LiveOptions = {}): Host {
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
    );
  const [four, six] = [rulesOf(4), rulesOf(6)];
  const sysctls = understood(texts.sysctls, 'the kernel settings', parseSysctls);
  return {
    name,
    readAt,
    origin: 'live',
    rulesets: { 4: four.ruleset, 6: six.ruleset },
    backends: { 4: four.backends, 6: six.backends },
    foreignChains: mapKnown(nftChains, ({ foreign }) => foreign),
    sets: mapKnown(readSets(texts.ipsets), (sets) =>
      withVolatility(sets, [texts.nftSave4, texts.nftSave6, texts.legacySave4, texts.legacySave6].map(textOf)),
    ),
    links: understood(texts.links, 'the links', parseLinks),
    addresses: understood(texts.addresses, 'the addresses of the links', parseLinkAddresses),
    routes: readRoutes(texts, sysctls),
    listeners: understood(texts.listeners, 'the listening sockets', parseListeners),
    sysctls,
  };
}

function readChains(read: TextRead): Known<NftChains> {
  const what = 'the base chains of nftables';
  if (!read.read) return read.why === 'unused' ? known({ foreign: [], iptables: new Set() }) : unread(read, what);
  const chains = parseNftChains(read.text);
  return 'fault' in chains ? misread(what, chains.fault, read.command) : known(chains);
}

function readSets(read: TextRead): Known<ReadonlyMap<string, IpSet>> {
  if (!read.read) return unread(read, 'the ipsets');
  const sets: Result<ReadonlyMap<string, IpSet>> = parseSets(read.text, read.command);
  return sets.ok ? known(sets.value) : misread('the ipsets', sets.problems.map(problemLine).join('; '), read.command);
}

function readRoutes(texts: HostTexts['texts'], sysctls: Host['sysctls']): Known<readonly Route[]> {
  const four = readFamilyRoutes(texts, 4);
  const absent = sysctls.known && sysctls.value.size > 0 && !hasIpv6(sysctls.value);
  const six = absent ? known([]) : readFamilyRoutes(texts, 6);
  if (!four.known) return four;
  return mapKnown(six, (routes) => [...four.value, ...routes]);
}

function readFamilyRoutes(texts: HostTexts['texts'], family: Family): Known<readonly Route[]> {
  const read = texts[`routes${family}` satisfies TextName];
  const what = `the IPv${family} routes`;
  if (read.read && hasSourceRoutes(read.text)) {
    return unknown(
      `some IPv${family} routes are for some sources only, which palisade does not model`,
      'nothing can be done about it yet',
    );
  }
  return understood(read, what, (text) => parseRoutes(family, text));
}

function understood<T>(read: TextRead, what: string, parse: (text: string) => T | undefined): Known<T> {
  if (!read.read) return unread(read, what);
  const value = parse(read.text);
  return value === undefined ? misread(what, 'its output has a form that palisade does not know', read.command) : known(value);
}

function misread(what: string, why: string, command: string): Known<never> {
  return unknown(`${what} could not be understood: ${why}`, `please report it with what \`${command}\` prints`);
}

function textOf(read: TextRead): string {
  return read.read ? read.text : '';
}
