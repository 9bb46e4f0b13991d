import { bogons, type Family, formatAddress, without } from '../../model/net/index.ts';
import { namedSources, trustedSources } from '../named.ts';
import {
  type Ending,
  type Item,
  noneListed,
  type Policy,
  type RawLine,
  type RawPart,
  type Rule,
  type Target,
  type Way,
} from '../policy.ts';
import { servedPorts } from '../served.ts';
import { dhcpv6, icmpTypes, oddCombinations, type Situation } from '../usual.ts';
import { conditionsOf, conditionText, flagWords, otherPorts } from './conditions.ts';
import { groupLines, leaveLines, reportLines } from './groups.ts';
import { limitMatch } from './limits.ts';
import { prefixesOf, prefixText } from './prefixes.ts';
import { type Compiling, chainFor, endingLines, joined, linesOf, merged } from './rules.ts';
import { type CompiledSet, createSets, type Sets } from './sets.ts';

/** What a policy becomes. Equal policies become equal texts. */
export interface Compiled {
  readonly sets: readonly CompiledSet[];
  readonly families: Readonly<Record<Family, readonly CompiledTable[]>>;
}

/** What stands in one table. */
export interface CompiledTable {
  readonly table: 'raw' | 'nat' | 'filter' | string;
  /** Built-in chains whose policy is declared. */
  readonly policies: ReadonlyMap<string, 'ACCEPT' | 'DROP'>;
  /** Own chains with their rules, without `-A CHAIN`; those that are called before their callers. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** From which chain each own chain is entered, by a jump that says nothing else. */
  readonly jumps: readonly { readonly from: string; readonly to: string }[];
}

export interface CompileOptions extends Situation {
  /** Hexadecimal digits of a text's hash, at least 20 of them. */
  readonly digest: (text: string) => string;
}

const families: readonly Family[] = [4, 6];

/** Own chains begin so. */
export const ownPrefix = 'PAL-';
/** Chains of lines for other tables begin so. */
export const linesPrefix = `${ownPrefix}X-`;

/** Turns a policy into own chains and sets, deterministically. Whether they mean the same is for `prove` to say. */
export function compile(policy: Policy, options: CompileOptions): Compiled {
  const sets = createSets(options.digest);
  const made = new Map<Family, readonly CompiledTable[]>();
  for (const family of families) {
    made.set(family, tablesOf(policy, family, sets, options));
  }
  return { sets: sets.all(), families: { 4: made.get(4) ?? [], 6: made.get(6) ?? [] } };
}

function tablesOf(policy: Policy, family: Family, sets: Sets, options: CompileOptions): readonly CompiledTable[] {
  const tables = new Map<string, Draft>();
  const draft = (table: string): Draft => {
    const found = tables.get(table) ?? { policies: new Map(), chains: new Map(), jumps: [] };
    tables.set(table, found);
    return found;
  };
  const filter = draft('filter');
  const logPrefix = policy.log?.prefix ?? 'palisade: ';
  const compiling: Compiling = { family, sets, digest: options.digest, chains: filter.chains, logPrefix };
  for (const way of ['incoming', 'forwarded', 'outgoing'] as const) {
    const ending = policy.otherwise[way];
    filter.policies.set(builtin[way], ending === 'accept' ? 'ACCEPT' : 'DROP');
    if (policy[way].length === 0 && ending === 'accept' && !isGuarded(way, policy)) continue;
    wayInto(filter, way, policy, compiling, options);
  }
  if (policy.docker !== null) dockerInto(filter, policy.docker, compiling, options);
  translationsInto(draft('nat'), policy.forwarded, compiling);
  if (policy.protect.earlyDrop) earlyDropInto(draft('raw'), policy, compiling, options);
  for (const line of policy.lines) if (line.families.includes(family)) lineInto(draft(line.table), line, options.digest);
  return ['raw', 'mangle', 'nat', 'filter', 'security']
    .filter((table) => {
      const found = tables.get(table);
      return found !== undefined && found.chains.size + found.policies.size > 0;
    })
    .map((table) => ({ table, ...(tables.get(table) as Draft) }));
}

/** What is dropped on an open way before anything else is asked. */
function isGuarded(way: Way, { basics, protect }: Policy): boolean {
  if (way === 'outgoing') return false;
  const flood = protect.synFlood !== null && way === 'incoming';
  return basics.established || protect.bogons !== null || protect.badFlags || protect.newNotSyn || flood;
}

interface Draft {
  readonly policies: Map<string, 'ACCEPT' | 'DROP'>;
  readonly chains: Map<string, string[]>;
  readonly jumps: { from: string; to: string }[];
}

export const builtin: Readonly<Record<Way, 'INPUT' | 'FORWARD' | 'OUTPUT'>> = {
  incoming: 'INPUT',
  forwarded: 'FORWARD',
  outgoing: 'OUTPUT',
};
const own: Readonly<Record<Way, string>> = { incoming: 'PAL-IN', forwarded: 'PAL-FWD', outgoing: 'PAL-OUT' };

/** The chain of one way: what every server needs, what protects it, the rules, and what becomes of the rest. */
function wayInto(draft: Draft, way: Way, policy: Policy, compiling: Compiling, options: CompileOptions): void {
  const { family } = compiling;
  const { basics } = policy;
  const lines: string[] = [];
  const rates = rateLines(policy[way], compiling);
  if (rates.length > 0) {
    const itself = basics.loopback && way !== 'forwarded' ? [`${way === 'incoming' ? '-i' : '-o'} lo -j RETURN`] : [];
    draft.chains.set(`${own[way]}-RATE`, [...itself, ...rates]);
    lines.push(`-j ${own[way]}-RATE`);
  }
  if (basics.established) lines.push('-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT');
  if (basics.loopback && way !== 'forwarded') lines.push(`${way === 'incoming' ? '-i' : '-o'} lo -j ACCEPT`);
  if (way === 'forwarded') for (const link of options.foreignLinks) lines.push(`-i ${link} -j RETURN`, `-o ${link} -j RETURN`);
  if (way !== 'outgoing') lines.push(...protectionOf(draft, policy));
  if (basics.dhcp && way !== 'forwarded') lines.push(dhcpLine(way, family));
  if (way !== 'outgoing') lines.push(...bogonLines(policy, compiling, options));
  if (basics.icmp && way !== 'forwarded') {
    const word = family === 4 ? 'icmp' : 'ipv6-icmp';
    const match = family === 4 ? '-m icmp --icmp-type' : '-m icmp6 --icmpv6-type';
    draft.chains.set(
      'PAL-ICMP',
      icmpTypes[family].map((type) => `-p ${word} ${match} ${type} -j ACCEPT`),
    );
    lines.push(`-p ${word} -j PAL-ICMP`);
  }
  const flood = policy.protect.synFlood;
  if (flood !== null && way === 'incoming') {
    const trusted = {
      ranges: { 4: [], 6: [], [family]: trustedSources(policy, family) },
      except: false,
      ...noneListed,
      text: '',
    };
    const known = conditionsOf({ services: null, from: trusted, to: null, via: null, out: null }, family, compiling.sets);
    draft.chains.set('PAL-SYN', [
      ...known.map((condition) => joined(conditionText(condition), '-j RETURN')),
      joined(limitMatch(flood, family, 'syn-flood', compiling.digest), '-j RETURN'),
      '-j DROP',
    ]);
    lines.push('-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j PAL-SYN');
  }
  for (const item of merged(policy[way])) lines.push(...itemLines(item, compiling));
  // Where others forward, they also serve: names and leases for what is behind them.
  if (way === 'incoming') lines.push(...options.foreignLinks.map((link) => `-i ${link} -j RETURN`));
  lines.push(...restLines(policy.otherwise[way], policy, family));
  draft.chains.set(own[way], lines);
  draft.jumps.push({ from: builtin[way], to: own[way] });
}

function itemLines(item: Item, compiling: Compiling): readonly string[] {
  if (item.kind === 'line') return item.families.includes(compiling.family) ? [item.text] : [];
  if (item.kind === 'report') return reportLines(item, compiling);
  if (item.kind === 'leave') return leaveLines(item, compiling);
  if (item.kind === 'group')
    return groupLines(item, compiling, (inner) => merged(inner).flatMap((one) => itemLines(one, compiling)));
  if (item.sendTo === null) return linesOf(item, compiling);
  const sent = sentRule(item, item.sendTo, compiling.family);
  return sent === null ? [] : linesOf(sent, compiling).map((line) => line.replace(/ -j /, ' -m conntrack --ctstate DNAT -j '));
}

/** The rule as it is of packets that bear the address of the machine that they are sent on to. */
function sentRule(item: Rule, { family: of, address, port }: Target, family: Family): Rule | null {
  if (of !== family) return null;
  const to = { ranges: { 4: [], 6: [], [family]: [[address, address] as const] }, except: false, ...noneListed, text: '' };
  const services = item.services?.map((service) => ({
    ...service,
    ports: port === null ? service.ports : [[port, port] as const],
  }));
  return { ...item, to, services: services ?? null, sendTo: null };
}

function protectionOf(draft: Draft, policy: Policy): readonly string[] {
  const { protect, basics } = policy;
  const lines: string[] = [];
  if (basics.established) lines.push('-m conntrack --ctstate INVALID -j DROP');
  if (protect.badFlags) {
    draft.chains.set(
      'PAL-FLAGS',
      oddCombinations.map(({ mask, value }) => `-p tcp -m tcp --tcp-flags ${flagWords(mask)} ${flagWords(value)} -j DROP`),
    );
    lines.push('-p tcp -j PAL-FLAGS');
  }
  if (protect.newNotSyn) lines.push('-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j DROP');
  return lines;
}

function dhcpLine(way: Way, family: Family): string {
  const [server, client] = family === 4 ? [67, 68] : [547, 546];
  const [from, to] = way === 'incoming' ? [server, client] : [client, server];
  const [network = { family, value: 0n, length: 0 }] = prefixesOf(6, dhcpv6);
  const text = prefixText(network);
  const sides = family === 4 ? '' : way === 'incoming' ? `-s ${text} -d ${text}` : `-s ${text}`;
  return joined(sides, `-p udp -m udp --sport ${from} --dport ${to} -j ACCEPT`);
}

/** Every set of the policy, connected network and present peer is kept out: administrators live in private networks. */
function bogonLines(policy: Policy, { family, sets: made }: Compiling, { spared }: Situation): readonly string[] {
  const { protect } = policy;
  if (protect.bogons === null) return [];
  const odd = [...namedSources(policy, family), spared[family]].reduce((rest, some) => without(rest, some), bogons[family]);
  if (odd.length === 0) return [];
  const via = protect.bogons.length > 0 ? protect.bogons : null;
  const rule = {
    services: null,
    from: { ranges: { 4: [], 6: [], [family]: odd }, except: false, ...noneListed, text: 'bogons' },
    to: null,
    via,
    out: null,
  };
  return conditionsOf(rule, family, made).map((condition) => joined(conditionText(condition), '-j DROP'));
}

/** What becomes of packets that no rule speaks of. */
function restLines(ending: Ending, { log }: Policy, family: Family): readonly string[] {
  if (ending === 'accept') return ['-j ACCEPT'];
  const lines = endingLines({}, '', ending, family);
  if (log === null) return lines;
  const rate = log.perMinute >= 1 ? `${Math.round(log.perMinute)}/minute` : `${Math.max(1, Math.round(log.perMinute * 60))}/hour`;
  return [`-m limit --limit ${rate} --limit-burst 5 -j LOG --log-prefix "${log.prefix}"`, ...lines];
}

/**
 * A rule with a rate counts all packets that belong to it, so it is asked before established traffic is let in: each rule up to the last
 * one with a rate ends the way through the chain for what it speaks of, so that only its own packets count.
 */
function rateLines(items: readonly Item[], compiling: Compiling): string[] {
  const last = items.findLastIndex((item) => item.kind === 'rule' && item.limit !== null && item.limit.of !== 'new');
  return items.slice(0, last + 1).flatMap((item) => {
    // No group stands beside a rate (load/read.ts).
    if (item.kind !== 'rule') return [];
    const { limit } = item;
    const texts = conditionsOf(item, compiling.family, compiling.sets).map(conditionText);
    if (limit === null || limit.of === 'new') return texts.map((text) => joined(text, '-j RETURN'));
    const within = joined(limitMatch(limit, compiling.family, texts.join(), compiling.digest), '-j RETURN');
    const beyond = limit.beyond === 'next' ? [] : endingLines({}, '', limit.beyond, compiling.family);
    // By goto: what is within goes back to where the rates were asked from.
    const chain = texts.length === 0 ? '' : chainFor(compiling, 'RATE', [within, ...beyond]);
    return texts.map((text) => joined(text, `-g ${chain}`));
  });
}

/** What Docker publishes comes to DOCKER-USER once its address has been translated: only the connection knows the host's port. */
function dockerInto(draft: Draft, items: readonly Rule[], compiling: Compiling, { foreignLinks }: Situation): void {
  const { family, sets } = compiling;
  const lines = ['-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN'];
  for (const link of foreignLinks) lines.push(`-i ${link} -j RETURN`);
  const published = (port: string): string => joined('-m conntrack --ctstate DNAT', port, '--ctdir ORIGINAL');
  for (const item of items) {
    const services = item.services?.filter((service) => service.families.includes(family)) ?? [null];
    for (const service of services) {
      for (const condition of conditionsOf({ ...item, services: service && [{ ...service, ports: null }] }, family, sets)) {
        for (const span of service?.ports ?? [null]) {
          const port = span === null ? '' : `--ctorigdstport ${span[0] === span[1] ? span[0] : `${span[0]}:${span[1]}`}`;
          const text = joined(conditionText(condition), published(port));
          lines.push(
            ...(item.ending === 'accept' ? [joined(text, '-j RETURN')] : endingLines(condition, text, item.ending, family)),
          );
        }
      }
    }
  }
  for (const link of foreignLinks) lines.push(joined(`-o ${link}`, published(''), '-j DROP'));
  draft.chains.set('PAL-DOCKER', lines);
  draft.jumps.push({ from: 'DOCKER-USER', to: 'PAL-DOCKER' });
}

function translationsInto(draft: Draft, items: readonly Item[], compiling: Compiling): void {
  const { family, sets } = compiling;
  const before: string[] = [];
  const behind: string[] = [];
  for (const item of items) {
    if (item.kind !== 'rule' || item.ending !== 'accept') continue;
    if (item.sendTo?.family === family) {
      const to = targetText(item.sendTo);
      for (const condition of conditionsOf({ ...item, out: null }, family, sets))
        before.push(joined(conditionText(condition), `-m addrtype --dst-type LOCAL -j DNAT --to-destination ${to}`));
    }
    // What arrives where is no longer known behind routing: those who leave by the link are meant, and not the host itself.
    if (item.masquerade.includes(family)) {
      const sent = item.sendTo === null ? item : sentRule(item, item.sendTo, family);
      if (sent === null) continue;
      for (const condition of conditionsOf({ ...sent, via: null }, family, sets))
        behind.push(joined(conditionText(condition), '-m addrtype ! --src-type LOCAL -j MASQUERADE'));
    }
  }
  if (before.length > 0) {
    draft.chains.set('PAL-DNAT', before);
    draft.jumps.push({ from: 'PREROUTING', to: 'PAL-DNAT' });
  }
  if (behind.length > 0) {
    draft.chains.set('PAL-SNAT', behind);
    draft.jumps.push({ from: 'POSTROUTING', to: 'PAL-SNAT' });
  }
}

function targetText({ family, address, port }: Target): string {
  const text = formatAddress({ family, value: address });
  if (port === null) return text;
  return family === 4 ? `${text}:${port}` : `[${text}]:${port}`;
}

/**
 * New connections to ports of the host that no rule opens end before they cost a connection's tracking. Only where no line of
 * iptables may open one, and what is dropped is logged here as it would be later.
 */
function earlyDropInto(draft: Draft, policy: Policy, { family }: Compiling, options: CompileOptions): void {
  const open = servedPorts(policy, options);
  if (open === null) return;
  // One rule tells, and what costs most stands last in it: every packet meets it, and each of a flood.
  // Others may send on what is for other machines at any time: only what bears an address of the host's own ends here.
  const junk = joined('! -i lo -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN', otherPorts(open), '-m addrtype --dst-type LOCAL');
  const rest = restLines('drop', policy, family);
  if (rest.length > 1) draft.chains.set('PAL-JUNK', [...rest]);
  draft.chains.set('PAL-EARLY', [joined(junk, rest.length > 1 ? '-j PAL-JUNK' : (rest[0] ?? ''))]);
  draft.jumps.push({ from: 'PREROUTING', to: 'PAL-EARLY' });
}

/** Lines for other tables stand in a chain of their own, entered from the built-in one that they name. */
function lineInto(draft: Draft, line: RawLine, digest: CompileOptions['digest']): void {
  const to = `${linesPrefix}${line.chain}`;
  const text = rawText(draft, line, digest);
  const lines = draft.chains.get(to);
  if (lines !== undefined) lines.push(text);
  else {
    draft.chains.set(to, [text]);
    draft.jumps.push({ from: line.chain, to });
  }
}

/** A group of lines stands in a chain of its own, which its matches lead to. */
function rawText({ chains }: Draft, { text, below }: RawPart, digest: CompileOptions['digest']): string {
  if (below === null) return text;
  const lines = below.map((part) => rawText({ chains, policies: new Map(), jumps: [] }, part, digest));
  return joined(text, `-j ${chainFor({ chains, digest }, 'PART', lines)}`);
}
