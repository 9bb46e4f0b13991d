import { createEvaluator, type Evaluator } from '../../src/analysis/index.ts';
import type { NflogPacket } from '../../src/kernel/nflog.ts';
import { ctStatus, type Packet, type Trace } from '../../src/model/packet/index.ts';
import { parseRuleset, type Ruleset, ruleMeaning } from '../../src/model/ruleset/index.ts';
import { type EngineAnswer, engineOf } from './engine.ts';
import { endsOf, type Lab, must } from './lab.ts';
import type { Choice } from './made.ts';
import { type MadeRuleset, ruleName } from './rulesets.ts';
import type { Shot } from './traffic.ts';

/** What palisade says of one packet, beside what the kernel did. */
export interface Answer {
  readonly trace: Trace | null;
  /** The reporting rules, in order, as palisade has them. */
  readonly expected: readonly string[];
  readonly inKernel: readonly string[];
  readonly agrees: boolean;
  /** It hangs on something that no packet says. */
  readonly hangs: boolean;
  /** `null` where the kernel holds the packet back, so that its verdict does not show. */
  readonly engine: EngineAnswer | null;
}

/** Judges packets under one ruleset by the reports that the kernel gave of each. */
export function answersOf(
  lab: Lab,
  made: MadeRuleset,
  instrumented: boolean,
): (shot: Shot, reports: readonly NflogPacket[]) => Answer {
  const whole = interpreterOf(lab, made, made.text);
  const engine = engineOf(lab, made, whole.ruleset, instrumented);
  let early: Interpreter | null = null;
  // Parsing is dear, and the kernel chooses among few.
  const narrowed = new Map<string, Interpreter>();
  const choosing = (chosen: Chosen): Interpreter => {
    const text = narrow(made, chosen);
    let found = narrowed.get(text);
    if (found === undefined) {
      found = interpreterOf(lab, made, text);
      narrowed.set(text, found);
    }
    return found;
  };
  const reporting = (trace: Trace): readonly string[] =>
    trace.path
      .filter(({ table, rule }) => (table === 'security' ? rule === 1 : instrumented))
      .map(ruleName)
      .filter((name) => made.kinds.has(name) || name.startsWith('security:'));
  /** The rules that report, as the kernel would name them; an answer that hangs on anything is none. */
  const rulesMet = (trace: Trace | null): readonly string[] => {
    if (trace === null) return ['no answer'];
    return isOpen(trace) ? [trace.verdict, ...trace.dependsOn] : reporting(trace);
  };

  return ({ packet }, reports) => {
    const inKernel = reports.map(({ prefix }) => prefix);
    // The kernel waits before INPUT for the other fragments, which never come; for IPv6 only behind it.
    const held = packet.fragment && packet.hook === 'input' && packet.family === 4;
    const beside = held ? null : engine(packet, inKernel);
    const agreeing = (trace: Trace | null, expected: readonly string[]): Answer => ({
      trace,
      expected,
      inKernel,
      agrees: expected.join(' ') === inKernel.join(' ') && beside?.agrees !== false,
      hangs: false,
      engine: beside,
    });
    if (held) early ??= interpreterOf(lab, made, beforeInput(made.text));
    let interpreter = held && early !== null ? early : whole;
    let trace = interpreter.trace(packet);
    if (trace !== null && saysTooLittle(trace, packet, lab)) return hanging(trace, inKernel, reporting, held, beside);
    if (trace !== null && made.choices.length > 0 && (isUncertain(trace) || trace.path.some(({ effect }) => effect === 'dnat'))) {
      const chosen = choiceOf(packet, reports);
      if (chosen !== null) {
        interpreter = choosing(chosen);
        trace = interpreter.trace(packet);
      } else if (isUncertain(trace)) return hanging(trace, inKernel, reporting, false, beside);
    }
    if (trace !== null && packet.out === 'lo' && trace.verdict === 'ACCEPT') {
      const back = interpreter.trace(comingBack(interpreter.ruleset, packet, trace));
      return agreeing(back, [...rulesMet(trace), ...rulesMet(back)]);
    }
    return agreeing(trace, rulesMet(trace));
  };
}

interface Interpreter extends Evaluator {
  readonly ruleset: Ruleset;
}

function interpreterOf({ host, backend }: Lab, { family }: MadeRuleset, text: string): Interpreter {
  const read = must(parseRuleset(text, { file: 'made', family }));
  const ruleset = { ...read, writer: { tool: 'iptables-save', version: '1.8.9', backend } } as const;
  const evaluator = createEvaluator({ ...host, rulesets: { ...host.rulesets, [family]: { known: true, value: ruleset } } });
  return { ruleset, trace: evaluator.trace };
}

function isOpen({ verdict }: Trace): boolean {
  return verdict === 'DEPENDS' || verdict === 'UNDECIDED';
}

function isUncertain(trace: Trace): boolean {
  return isOpen(trace) || trace.path.some(({ maybe }) => maybe);
}

/** The ruleset as it is until INPUT. */
function beforeInput(text: string): string {
  const [before = ''] = text.split('*security');
  return before
    .replace(/^-A (INPUT|FORWARD|OUTPUT|POSTROUTING)( .*)?\n/gm, '')
    .replace(/^:(INPUT|FORWARD|OUTPUT|POSTROUTING) DROP/gm, ':$1 ACCEPT');
}

/**
 * Where no packet says enough: a later fragment's payload is read as ports by iptables-nft, and an ICMP error does not
 * tell the protocol of the connection that it belongs to.
 */
function saysTooLittle(trace: Trace, packet: Packet, lab: Lab): boolean {
  const fragment = packet.fragment && lab.backend === 'nft';
  // Whether a socket has the packet's connection already no fact tells.
  if (trace.verdict === 'DEPENDS' && trace.path.some(({ effect }) => effect === 'tproxy')) return true;
  return (fragment || packet.state === 'RELATED') && trace.path.some(({ maybe }) => maybe);
}

/** Up to the first rule that may match, the kernel must have met the same ones; behind it, one of the endings. */
function hanging(
  trace: Trace,
  inKernel: readonly string[],
  reporting: (trace: Trace) => readonly string[],
  held: boolean,
  engine: EngineAnswer | null,
): Answer {
  // A translation that may leave the packet as it is asks a question behind itself.
  const open = trace.path.findIndex(({ maybe, effect }) => maybe || effect === 'dnat' || effect === 'tproxy');
  const certain = open < 0 ? trace.path : trace.path.slice(0, trace.path[open]?.maybe ? open : open + 1);
  const expected = reporting({ ...trace, path: certain });
  const begun = expected.every((name, index) => inKernel[index] === name);
  // Behind filter is security, which reports, and behind that POSTROUTING, whose chains may drop the packet still.
  const passed = inKernel.some((name) => name.startsWith('security:'));
  const allows = ({ verdict, decidedBy }: Pick<Trace, 'verdict' | 'decidedBy'>): boolean =>
    verdict === 'ACCEPT' ? passed : decidedBy?.table === 'mangle' || !passed;
  // Where all endings are a drop, only one of them is told.
  const told = !held && (trace.verdict === 'DEPENDS' || trace.verdict === 'ACCEPT');
  const foreseen = trace.verdict === 'DEPENDS' ? trace.outcomes.some(allows) : allows(trace);
  const agrees = begun && (!told || foreseen) && engine?.agrees !== false;
  return { trace, expected: [...expected, '…'], inKernel, agrees, hangs: true, engine };
}

/** The destination that nat gave the packet, as reports from behind nat show it; `null` if there is none. */
function choiceOf(packet: Packet, reports: readonly NflogPacket[]): Chosen | null {
  const ends = reports.map(({ prefix, payload }) => ({ prefix, ...endsOf(payload) }));
  const moved = ({ dst, dport }: Chosen): boolean => dst !== packet.dst || (packet.dport !== null && dport !== packet.dport);
  return ends.find(moved) ?? ends.find(({ prefix }) => /^(filter|security):|:INPUT:|:POSTROUTING:/.test(prefix)) ?? null;
}

interface Chosen {
  readonly dst: bigint;
  readonly dport: number;
}

/** The ruleset as if each translation that could have chosen so had been told to. */
function narrow({ text, choices }: MadeRuleset, { dst, dport }: Chosen): string {
  const could = ({ addresses, ports }: Choice): boolean =>
    (addresses === null || (addresses[0] <= dst && dst <= addresses[1])) &&
    (ports === null || (ports[0] <= dport && dport <= ports[1]));
  return choices.filter(could).reduce((all, choice) => all.replaceAll(choice.option, choice.narrowed(dst, dport)), text);
}

/** The packet as it comes in over loopback, with the marks and the destination that the way out gave it. */
function comingBack(ruleset: Ruleset, packet: Packet, trace: Trace): Packet {
  // The first of those rules that say how to track is the one that counts.
  const exempt = trace.path.find(({ effect }) => effect === 'notrack' || effect === 'track')?.effect === 'notrack';
  let back: Packet = {
    ...packet,
    hook: 'input',
    in: 'lo',
    out: null,
    mac: 0,
    pktType: 'unicast',
    ...(exempt ? { state: 'UNTRACKED' } : {}),
  };
  const tracked = back.state !== 'INVALID' && back.state !== 'UNTRACKED';
  // A connection is confirmed when its first packet leaves.
  if (tracked) back = { ...back, status: ctStatus.CONFIRMED, original: { ...packet } };
  for (const step of trace.path) {
    const chain = ruleset.tables.find(({ name }) => name === step.table)?.chains.get(step.chain);
    const rule = chain?.rules.find(({ number }) => number === step.rule);
    if (rule === undefined) continue;
    const { effect } = ruleMeaning(ruleset, rule);
    if (effect.kind === 'write' && (effect.field === 'mark' || tracked)) {
      const value = ((back[effect.field] & ~effect.mask) ^ effect.value) >>> 0;
      back = { ...back, [effect.field]: shifted(value, effect.shift) };
    } else if (effect.kind === 'copy' && tracked) {
      const value = shifted((back[effect.from] & effect.fromMask) >>> 0, effect.shift);
      back = { ...back, [effect.to]: ((back[effect.to] & ~effect.toMask) ^ value) >>> 0 };
    } else if (effect.kind === 'service') {
      back = { ...back, tos: ((back.tos ?? 0) & ~effect.mask) ^ effect.value };
    } else if (effect.kind === 'hops') {
      const sign = effect.change === 'lower' ? -1 : 1;
      back = { ...back, ttl: Math.min(255, Math.max(0, (effect.change === 'set' ? 0 : back.ttl) + sign * effect.by)) };
    } else if (effect.kind === 'netmap' && step.chain === 'OUTPUT') {
      const dst = (back.dst & ~effect.mask) | effect.value;
      if (dst !== back.dst) back = { ...back, dst, status: back.status | ctStatus.DNAT };
    } else if (effect.kind === 'translate' && effect.end === 'dst' && effect.to.kind === 'range') {
      const dst = effect.to.address?.[0] ?? back.dst;
      const dport = effect.to.port?.[0] ?? back.dport;
      if (dst !== back.dst || dport !== back.dport) back = { ...back, dst, dport, status: back.status | ctStatus.DNAT };
    }
  }
  return back;
}

function shifted(value: number, by = 0): number {
  return by < 0 ? value >>> -by : (value << by) >>> 0;
}
