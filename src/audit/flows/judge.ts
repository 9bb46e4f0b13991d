import { type Bystanders, bystanders, rewritten } from '../../analysis/answers/bystanders.ts';
import { createTracing } from '../../analysis/answers/index.ts';
import { createEvaluator } from '../../analysis/index.ts';
import type { Connections, Host } from '../../model/host/index.ts';
import type { Family } from '../../model/net/index.ts';
import { ctStatus, type Hook, type Packet, type Trace } from '../../model/packet/index.ts';
import type { Subject } from '../check.ts';
import { createAsk } from '../engine.ts';
import { accepted, type Held } from '../measure.ts';
import { type Flow, flowsOf } from './flow.ts';
import { packetsOf } from './packets.ts';

/** What the present rules do with a packet of a flow; `null` where that is unknown. */
export interface Judged {
  readonly packet: Packet;
  readonly trace: Trace | null;
}

export interface JudgedFlow {
  readonly flow: Flow;
  readonly first: readonly Judged[];
  readonly now: readonly Judged[];
  /**
   * Whether the present rules would let it in anew. `no`: it was accepted before they changed. `depends`: on limits and the like,
   * or on rules that are named but not followed.
   */
  readonly anew: 'yes' | 'no' | 'depends' | 'unknown';
  /** Why, as a clause; `null` where the first packets' rules say it. */
  readonly why: string | null;
}

export interface FlowReport {
  readonly flows: readonly JudgedFlow[];
  readonly unknown: readonly { readonly what: string; readonly why: string; readonly remedy: string }[];
}

/** With so many flows it is quicker to build the rules into functions first. */
const mostInterpreted = 200;

/** Every flow, with the rules that would accept its first packet and those that accept its packets now. */
export function judgeFlows(host: Host, connections: Connections): FlowReport {
  const { sockets, tracked } = connections;
  const { flows, unplaced } = flowsOf(host, connections);
  const unknown: FlowReport['unknown'][number][] = [...unplaced];
  if (!sockets.known) unknown.push({ what: 'the processes', why: sockets.why, remedy: sockets.remedy });
  if (!tracked.known) unknown.push({ what: 'what is tracked and forwarded', why: tracked.why, remedy: tracked.remedy });
  for (const family of [4, 6] as const) {
    const { foreignChains, rulesets } = host;
    const ruleset = rulesets[family];
    if (!flows.some((flow) => flow.family === family)) continue;
    if (!ruleset.known) unknown.push({ what: `the IPv${family} rules`, why: ruleset.why, remedy: ruleset.remedy });
    if (!foreignChains.known && host.origin === 'live' && !unknown.some(({ what }) => what === 'other nft chains'))
      unknown.push({ what: 'other nft chains', why: foreignChains.why, remedy: foreignChains.remedy });
  }
  const evaluator = createEvaluator(host);
  const subject: Subject = { host, evaluator, ask: createAsk(host) };
  const quick = flows.length > mostInterpreted ? createTracing(host) : evaluator;
  const beside = createBeside(host);
  const judged = flows.map((flow): JudgedFlow => {
    const packets = packetsOf(host, flow, tracked.known ? tracked.value.length > 0 : null);
    const of = (packet: Packet): Judged => ({
      packet,
      trace: beside(packet).kind === 'may-rewrite' ? null : quick.trace(packet),
    });
    return {
      flow,
      first: packets.first.map(of),
      now: packets.now.map(of),
      ...anewOf({ ...subject, evaluator: quick }, evaluator, flow, packets.first, beside),
    };
  });
  for (const { packet } of judged.flatMap(({ first }) => first)) {
    const other = beside(packet);
    if (other.kind !== 'may-rewrite') continue;
    const what = `what becomes of IPv${packet.family} packets on ${packet.hook}`;
    if (!unknown.some((one) => one.what === what)) unknown.push({ what, ...rewritten(packet.family, other) });
  }
  return { flows: judged, unknown };
}

/** What others do to packets of a way, asked once. */
function createBeside(host: Host): (packet: Packet) => Bystanders {
  const found = new Map<string, Bystanders>();
  return ({ family, hook }: { readonly family: Family; readonly hook: Hook }) => {
    const key = `${family} ${hook}`;
    const one = found.get(key) ?? bystanders(host, family, hook);
    found.set(key, one);
    return one;
  };
}

function anewOf(
  subject: Subject,
  evaluator: Subject['evaluator'],
  flow: Flow,
  first: readonly Packet[],
  beside: (packet: Packet) => Bystanders,
): Pick<JudgedFlow, 'anew' | 'why'> {
  const others = first.map(beside);
  const rewriting = others.find((one) => one.kind === 'may-rewrite');
  if (rewriting !== undefined) return { anew: 'unknown', why: `${rewriting.names.join(', ')} may rewrite it` };
  // Without it the way that was followed is not that of a new packet.
  const lost = subject.host.rulesets[flow.family].known ? lostTranslation(flow, first, evaluator) : null;
  if (lost !== null) return { anew: 'no', why: lost };
  const held = first.map((packet) => accepted(subject, packet));
  if (held.some(({ kind }) => kind === 'no')) return { anew: 'no', why: null };
  const open = held.find((one): one is Extract<Held, { kind: 'unknown' }> => one.kind === 'unknown');
  if (open !== undefined) {
    const undecided = first.map((packet) => evaluator.trace(packet)).find((trace) => trace?.verdict === 'UNDECIDED');
    return { anew: 'unknown', why: undecided?.assumed[0] ?? open.why };
  }
  const names = others.flatMap((one) => (one.kind === 'may-drop' ? one.names : []));
  if (names.length > 0) return { anew: 'depends', why: `${[...new Set(names)].join(', ')} may drop it` };
  return { anew: held.some(({ kind }) => kind === 'maybe') ? 'depends' : 'yes', why: null };
}

/** A connection that leads elsewhere than it says would no longer get there without the rule that led it. */
function lostTranslation({ tracked }: Flow, first: readonly Packet[], { trace }: Subject['evaluator']): string | null {
  if (tracked === null || (tracked.status & ctStatus.DNAT) === 0) return null;
  const isLed = first.some((packet) => trace(packet)?.path.some(({ effect }) => effect === 'dnat') === true);
  return isLed ? null : 'no rule of nat leads it to where it goes any more';
}
