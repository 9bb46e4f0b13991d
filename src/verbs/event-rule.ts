import { createStandings, linkTowards } from '../analysis/answers/index.ts';
import { createLogging, type LoggedWay, type Logging } from '../analysis/index.ts';
import { ruleAt } from '../audit/blame.ts';
import type { Host } from '../model/host/index.ts';
import { ICMP, ICMPV6, TCP } from '../model/net/index.ts';
import { type Packet, type RuleRef, type State, states, tcpFlags } from '../model/packet/index.ts';
import { ruleText } from '../model/ruleset/index.ts';
import type { LoggedPacket } from '../watch/events/index.ts';
import type { WhyJson } from './events-shape.ts';

type BuiltinChain = LoggedWay['logged']['chain'];

/**
 * Which rule of a host logged an event, and what became of the packet. The line does not say what connection tracking thought of it: each
 * state is tried that such a packet has as a rule, and those are kept in which some rule logs it so.
 *
 * Addresses and the mark are those at the rule that logged it; what rules before had changed cannot be told.
 */
export function createWhy(host: Host): (event: LoggedPacket) => WhyJson {
  const logging = createLogging(host);
  const standing = createStandings(host);
  return (event) => {
    const stretch = stretchOf(host, logging, event);
    if (stretch === null) return nothing('the line does not say by which link it came or went');
    const ruleset = host.rulesets[event.src.family];
    if (!ruleset.known) return nothing(ruleset.why);
    const usual = usualStates(event);
    let broken: string | null = null;
    const waysIn = (these: readonly State[]): readonly (LoggedWay & { readonly state: State })[] =>
      these.flatMap((state) => {
        const found = logging.waysOf(packetOf(event, stretch, state), event.prefix, stretch.chains);
        broken ??= found?.broken ?? null;
        return (found?.ways ?? []).map((way) => ({ ...way, state }));
      });
    const likely = waysIn(usual);
    const ways = likely.length > 0 ? likely : waysIn(states.filter((state) => !usual.includes(state)));
    const [first] = ways;
    if (first === undefined) return nothing(broken ?? 'none of the present rules logs it so');
    const verdicts = new Set(ways.map(({ verdict }) => verdict));
    const verdict = verdicts.size === 1 ? first.verdict : 'DEPENDS';
    const { certainty, beside } = standing(
      { family: event.src.family, hook: stretch.hook },
      { verdict: verdict === 'DEPENDS' ? 'UNDECIDED' : verdict, outcomes: [] },
    );
    const others =
      certainty === 'certain'
        ? null
        : `${beside.join(', ')} ${certainty === 'unknown' ? 'may change packets before these rules' : 'may keep out what these rules let through'}`;
    return {
      rules: distinct(ways.map(({ logged }) => logged.by)).map((by) => {
        const rule = ruleAt(host, by);
        return { ...by, text: rule === null ? null : ruleText(ruleset.value, rule) };
      }),
      verdict: broken === null && certainty !== 'unknown' ? verdict : null,
      decidedBy: distinct(ways.map(({ decidedBy }) => decidedBy)).length === 1 ? first.decidedBy : null,
      dependsOn: verdict === 'DEPENDS' ? hanging(ways) : [],
      unknown: broken ?? others,
    };
  };
}

function nothing(unknown: string): WhyJson {
  return { rules: [], verdict: null, decidedBy: null, dependsOn: [], unknown };
}

/** Where on a packet's way a line was written. */
interface Stretch {
  readonly hook: Packet['hook'];
  readonly in: string | null;
  readonly out: string | null;
  readonly chains: ReadonlySet<BuiltinChain>;
}

/**
 * The kernel names the links that the hook knows (net/netfilter/nf_log_syslog.c): only the arriving one in PREROUTING and INPUT, only the leaving one of
 * what the host sends, both of what passes through.
 */
function stretchOf(host: Host, logging: Logging, { in: from, out, dst }: LoggedPacket): Stretch | null {
  if (from !== null && out !== null) return { hook: 'forward', in: from, out, chains: new Set(['FORWARD', 'POSTROUTING']) };
  if (out !== null) return { hook: 'output', in: null, out, chains: new Set(['OUTPUT', 'POSTROUTING']) };
  if (from === null) return null;
  if (logging.passesThrough(dst) !== true)
    return { hook: 'input', in: from, out: null, chains: new Set(['PREROUTING', 'INPUT']) };
  return { hook: 'forward', in: from, out: linkTowards(host, dst).link, chains: new Set(['PREROUTING']) };
}

function packetOf(event: LoggedPacket, { hook, in: from, out }: Stretch, state: State): Packet {
  return {
    family: event.src.family,
    hook,
    in: from,
    out,
    src: event.src.value,
    dst: event.dst.value,
    proto: event.proto ?? 255,
    sport: event.sport,
    dport: event.dport,
    icmpType: event.icmpType,
    icmpCode: event.icmpCode,
    flags: event.flags ?? 0,
    state,
    status: 0,
    direction: 'original',
    original: null,
    mark: hook === 'output' ? event.mark : 0,
    connmark: 0,
    length: event.length ?? 60,
    ttl: event.ttl ?? 64,
    fragment: false,
    mac: null,
  };
}

/** The states that packets of its kind have as a rule. */
function usualStates({ proto, flags, icmpType }: LoggedPacket): readonly State[] {
  if (proto === TCP && flags !== null) {
    const { SYN, ACK, RST } = tcpFlags;
    if ((flags & (SYN | ACK | RST)) === SYN) return ['NEW'];
    return (flags & (ACK | RST)) === 0 ? ['INVALID'] : ['ESTABLISHED', 'NEW', 'INVALID'];
  }
  // Echo requests and replies, then errors.
  if (proto === ICMP) return icmpType === 8 ? ['NEW'] : icmpType === 0 ? ['ESTABLISHED', 'INVALID'] : ['RELATED', 'INVALID'];
  if (proto === ICMPV6) {
    if (icmpType !== null && icmpType < 128) return ['RELATED', 'INVALID'];
    return icmpType === 128 ? ['NEW'] : icmpType === 129 ? ['ESTABLISHED', 'INVALID'] : ['UNTRACKED', 'NEW'];
  }
  return ['NEW', 'ESTABLISHED'];
}

/** What the ways differ in: answers of matches, and the state of the connection. */
function hanging(ways: readonly (LoggedWay & { readonly state: State })[]): string[] {
  const texts = new Set(ways.flatMap(({ when }) => [...when.keys()]));
  const open = [...texts].filter((text) => new Set(ways.flatMap(({ when }) => when.get(text) ?? [])).size > 1);
  const found = new Set(ways.map(({ state }) => state));
  return found.size > 1 ? [...open, `its connection (${[...found].join(' or ')})`] : open;
}

function distinct<T extends RuleRef | null>(refs: readonly T[]): readonly T[] {
  return [...new Map(refs.map((ref) => [JSON.stringify(ref), ref])).values()];
}
