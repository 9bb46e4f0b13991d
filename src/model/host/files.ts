import { failed, ok, type Problem, type Result } from '../../result.ts';
import type { Family } from '../net/index.ts';
import { brief, parseRuleset, type Ruleset, unreadTables } from '../ruleset/index.ts';
import { parseFacts } from './facts.ts';
import type { FactsJson } from './facts-json.ts';
import type { Backend, BackendUse, Host, IpSet } from './host.ts';
import { parseSets } from './ipset.ts';
import { type Known, known, mapKnown, type Unknown, unknown } from './known.ts';
import { type Packages, softwareFacts } from './packages/index.ts';
import { bridgeFilterOf, conntrackOf, logBackendsOf, type Settings } from './settings.ts';
import type { SoftwareName, SoftwareTexts } from './texts.ts';
import { withVolatility } from './volatile.ts';

/** A file that was named, latin1: one character per byte. */
export interface NamedText {
  /** As the user wrote it, for messages. */
  readonly file: string;
  readonly text: string;
}

export interface FilesInput {
  /** At most one of each family. */
  readonly rulesets: readonly (NamedText & { readonly family?: Family })[];
  readonly sets?: NamedText;
  /** In the shape of {@link FactsJson}. */
  readonly facts?: NamedText;
  /** Epoch milliseconds. */
  readonly readAt: number;
}

/**
 * A host as files describe it. What no file says is unknown. All problems of all files are reported together, and any
 * one of them means that there is no host.
 */
export function hostFromFiles(input: FilesInput): Result<Host> {
  const problems: Problem[] = [];
  const keep = <T>(result: Result<T>): T | undefined => {
    if (result.ok) return result.value;
    problems.push(...result.problems);
    return undefined;
  };
  const rulesets = new Map<Family, { readonly file: string; readonly ruleset: Known<Ruleset> }>();
  for (const each of input.rulesets) {
    const read = keep(readRuleset(each));
    if (read === undefined) continue;
    const other = rulesets.get(read.family);
    if (other !== undefined) {
      const second = read.family === 4 ? 6 : 4;
      problems.push({
        code: 'usage',
        message: `${other.file} and ${each.file} are both IPv${read.family} rulesets`,
        hint: `give one of each family; if ${each.file} is of IPv${second}, say ${second}:${each.file}`,
      });
    }
    rulesets.set(read.family, { file: each.file, ruleset: read.ruleset });
  }
  const sets = input.sets && keep(parseSets(input.sets.text, input.sets.file));
  const facts = input.facts && keep(parseFacts(input.facts.text, input.facts.file));
  if (problems.length > 0) return failed(...problems);

  const four = rulesets.get(4)?.ruleset ?? notGiven(4);
  const six = rulesets.get(6)?.ruleset ?? notGiven(6);
  const said = <T>(value: T | undefined, key: keyof FactsJson, what: string): Known<T> =>
    fact(value, `the files do not say ${what}`, `add ${JSON.stringify(key)} to --facts FILE`);
  const sysctls = said(facts?.sysctls, 'sysctls', 'the kernel settings');
  const setting = <T>(what: string, names: readonly string[], read: (settings: Settings) => T | undefined): Known<T> =>
    fact(
      sysctls.known ? read({ values: sysctls.value, whole: false }) : undefined,
      `the files do not say ${what}`,
      `add ${names.join(' and ')} to "sysctls" of --facts FILE`,
    );
  const routingRules = (family: Family) =>
    mapKnown(said(facts?.routingRules, 'routingRules', 'which routing rules there are'), (rules) =>
      rules.filter((rule) => rule.family === family),
    );
  const kernel = mapKnown(said(facts?.kernel, 'kernel', 'which kernel runs'), (release) => ({
    release,
    build: facts?.kernelBuild ?? '',
  }));
  const software = softwareFacts(
    asTexts(facts?.software ?? new Map()),
    kernel,
    unknown('the files do not say what the package manager knows', 'add "software" to --facts FILE'),
  );
  return ok({
    name: facts?.hostname ?? input.rulesets[0]?.file ?? input.facts?.file ?? 'files',
    readAt: input.readAt,
    origin: 'files',
    rulesets: { 4: four, 6: six },
    backends: { 4: backendsOf(four, facts?.backend), 6: backendsOf(six, facts?.backend) },
    foreignChains: fact(
      facts?.foreignChains,
      'the files do not say whether nftables has chains of its own',
      'add "foreignChains" to --facts FILE, [] if there are none',
    ),
    sets: setsOf(sets, input),
    nativeRules: { 4: notTold, 6: notTold },
    links: said(facts?.links, 'links', 'which links there are'),
    addresses: said(facts?.addresses, 'addresses', 'which addresses the host has'),
    routes: said(facts?.routes, 'routes', 'which routes there are'),
    listeners: said(facts?.listeners, 'listeners', 'what listens'),
    sysctls,
    routingRules: { 4: routingRules(4), 6: routingRules(6) },
    bridgeFilter: setting('what bridges hand to the rules', ['net.bridge.bridge-nf-call-iptables'], bridgeFilterOf),
    xfrm: said(facts?.xfrm, 'xfrm', 'whether IPsec is in use'),
    flowtables: said(facts?.flowtables, 'flowtables', 'whether nftables has flowtables'),
    traffic: said(facts?.traffic, 'traffic', 'whether traffic control has filters'),
    sessions: said(facts?.sessions, 'sessions', 'who is logged in'),
    packetReaders: said(facts?.packetReaders, 'packetReaders', 'what sees packets before the rules'),
    conntrack: setting('how full the connection table is', ['net.netfilter.nf_conntrack_count', '…_max'], conntrackOf),
    helpers: mapKnown(said(facts?.helpers, 'helpers', 'which helpers conntrack has'), (present) => ({
      present,
      automatic: facts?.sysctls?.get('net.netfilter.nf_conntrack_helper') === '1',
    })),
    expectations: said(facts?.expectations, 'expectations', 'which connections are expected'),
    logBackends: setting('who writes the log of the rules', ['net.netfilter.nf_log.2', '….10'], logBackendsOf),
    kernel,
    installedKernels: said(facts?.installedKernels, 'installedKernels', 'which kernels are installed'),
    ...software,
    packages: packagesOf(software.packages, facts?.packages),
    modules: said(facts?.modules, 'modules', 'which modules the kernel has'),
    files: said(facts?.files, 'files', 'how the host is set up'),
    processes: said(facts?.processes, 'processes', 'what runs'),
    units: said(facts?.units, 'units', 'which services there are'),
    auditRules: said(facts?.auditRules, 'auditRules', 'what the kernel records'),
    conntrackLosses: said(facts?.conntrackLosses, 'conntrackLosses', 'what the connection table lost'),
    namespaces: unknown('files do not say which network namespaces there are', 'run palisade on the host itself'),
  });
}

/** Texts of a file, as if their tools had just printed them. */
function asTexts(texts: ReadonlyMap<SoftwareName, string>): SoftwareTexts {
  const reads = [...texts].map(([name, text]) => [name, { read: true, text, command: name, warnings: '' }] as const);
  return Object.fromEntries(reads);
}

/** Names and versions alone, where there is no more. */
function packagesOf(told: Known<Packages>, versions: ReadonlyMap<string, string> | undefined): Known<Packages> {
  if (told.known || versions === undefined) return told;
  const installed = [...versions].map(([name, version]) => ({ name, version, source: null, sourceVersion: null }));
  return known({ format: null, installed });
}

const notTold = unknown(
  'what iptables-save printed does not show whether nft made rules by itself among those of iptables',
  'run palisade on the host itself',
);

/** A file in which iptables-save says that it could not show a table is readable, but what it says is "unknown". */
function readRuleset(
  input: FilesInput['rulesets'][number],
): Result<{ readonly family: Family; readonly ruleset: Known<Ruleset> }> {
  const { file, text, family } = input;
  const hidden = unreadTables(text);
  const writer = /^# Generated by (ip6?)tables/m.exec(text)?.[1];
  const said = family ?? (writer === undefined ? undefined : writer === 'ip6' ? 6 : 4);
  const why = unknown(
    `${file} says that iptables-save could not show table ${brief(hidden.join(', '))}`,
    'that table holds rules or chains that nft made by itself: look at it on the host with `nft list ruleset`',
  );
  // Nothing but that message: there is no ruleset to parse.
  if (hidden.length > 0 && said !== undefined && !/^\s*\*/m.test(text)) return ok({ family: said, ruleset: why });
  const parsed = parseRuleset(text, { file, ...(family !== undefined && { family }) });
  if (!parsed.ok) return parsed;
  return ok({ family: parsed.value.family, ruleset: hidden.length > 0 ? why : known(parsed.value) });
}

/** True for a family that is unknown only because no file was named for it. */
export function isNotGiven(host: Host, family: Family): boolean {
  const ruleset = host.rulesets[family];
  return host.origin === 'files' && !ruleset.known && ruleset.why === notGiven(family).why;
}

function notGiven(family: Family): Unknown {
  const save = family === 4 ? 'iptables-save' : 'ip6tables-save';
  return unknown(`no --ruleset was given for IPv${family}`, `add --ruleset ${family}:FILE with what ${save} prints`);
}

function backendsOf(ruleset: Known<Ruleset>, backend: Backend | undefined): Known<BackendUse> {
  if (backend === undefined) {
    return unknown(
      'a file does not say whether the other backend holds rules too',
      'run palisade on the host itself, or add "backend" to --facts FILE if only that one is in use',
    );
  }
  return mapKnown(ruleset, (value) => (backend === 'nft' ? { nft: value, legacy: null } : { nft: null, legacy: value }));
}

function setsOf(sets: ReadonlyMap<string, IpSet> | undefined, input: FilesInput): Host['sets'] {
  if (sets === undefined) return unknown('no --sets was given', 'add --sets FILE with what `ipset save` prints');
  const texts = input.rulesets.map(({ text }) => text);
  return known(withVolatility(sets, texts));
}

function fact<T>(value: T | undefined, why: string, remedy: string): Known<T> {
  return value === undefined ? unknown(why, remedy) : known(value);
}
