import { afterAll, describe, expect, it } from 'vitest';
import { createEvaluator, type Evaluator } from '../../src/analysis/index.ts';
import type { Backend } from '../../src/model/host/index.ts';
import { formatAddress, formatProtocol } from '../../src/model/net/index.ts';
import { type Hook, type Packet, packetToJson, type Trace } from '../../src/model/packet/index.ts';
import { parseRuleset } from '../../src/model/ruleset/index.ts';
import { required } from './conditions.ts';
import { idOf, type Lab, must, openLab, sourceOf } from './lab.ts';
import { lastPacket } from './last.ts';
import { seeded } from './random.ts';
import { unreachable, unreachableBytes } from './related.ts';
import { type MadeRuleset, makeRuleset, ruleName } from './rulesets.ts';
import { type Flow, freshness, makePacket, openFlows, type Shot } from './traffic.ts';

/**
 * The interpreter against the kernel: rulesets made by chance are loaded into a real firewall, packets made by chance
 * are sent through it, and for each packet the rules that it met there, in order, must be those of its trace.
 *
 * PALISADE_SEED and PALISADE_RULESETS repeat or widen a run.
 */
const seed = Number(process.env['PALISADE_SEED'] ?? 1);
const rulesetsEach = Number(process.env['PALISADE_RULESETS'] ?? 20);
const packetsEach = 120;

/** How often a rule with such a match, or such a target, matched a packet in the kernel. */
const exercised = new Map<string, number>();
let packets = 0;
let rulesets = 0;

/** Netfilter's numbers of the hooks on each way; what the firewall answers takes others. */
const hooksOf: Readonly<Record<Hook, readonly number[]>> = { input: [0, 1], forward: [0, 2, 4], output: [3, 4] };

describe.each<Backend>(['nft', 'legacy'])('with iptables-%s', (backend) => {
  it('finds the same rules as the kernel for every packet', { timeout: 120_000 }, async () => {
    await using lab = await openLab(backend);
    const random = seeded(seed * 2 + (backend === 'nft' ? 0 : 1));
    const fresh = freshness();
    const wrong: string[] = [];
    let flows: readonly Flow[] = [];
    let next = 0;
    for (let turn = 0; turn < rulesetsEach * 2; turn += 1) {
      const family = turn % 2 === 0 ? 4 : 6;
      // The first rulesets do without connection tracking, which puts fragments together before any rule sees them.
      const tracking = turn >= rulesetsEach / 2;
      if (tracking && flows.length === 0) flows = await openFlows(lab, random, fresh);
      const made = makeRuleset(random, family, tracking, lab.setNames);
      // Every fourth ruleset is loaded as it is: reports between the rules shall not be what makes them right.
      const instrumented = turn % 8 < 6;
      const shots: Shot[] = [];
      while (shots.length < packetsEach) {
        next = (next + 1) & 0xffff;
        const known = flowsOf(flows, family);
        const quoted =
          tracking && random.chance(0.05)
            ? random.pick(known.filter(({ way, proto }) => way === 'forward' && proto === 17))
            : null;
        const packet = quoted === null ? makePacket(random, family, made.edges, tracking, known) : unreachable(random, quoted);
        const shot: Shot = { packet, quoted, id: ((random.below(0x10000) << 16) | next) >>> 0 };
        if (packet.state === 'ESTABLISHED' || packet.state === 'RELATED' || fresh(packet, shot.id)) shots.push(shot);
      }
      await lab.load(family, instrumented ? made.instrumented : made.text);
      wrong.push(...(await compare(lab, made, shots, instrumented)));
      rulesets += 1;
      packets += shots.length;
    }
    expect(lab.lost()).toBe(0);
    expect(wrong.slice(0, 3).join('\n\n')).toBe('');
    expect(wrong.length).toBe(0);
  });
});

afterAll(() => {
  expect(packets).toBeGreaterThanOrEqual(5000);
  expect(rulesets).toBeGreaterThanOrEqual(50);
  const never = required.filter((kind) => !exercised.has(kind));
  expect(never, 'matches that no packet has exercised').toEqual([]);
});

function count(kind: string): void {
  exercised.set(kind, (exercised.get(kind) ?? 0) + 1);
}

function flowsOf(flows: readonly Flow[], family: number): readonly Flow[] {
  return flows.filter((flow) => flow.family === family);
}

async function compare(lab: Lab, made: MadeRuleset, shots: readonly Shot[], instrumented: boolean): Promise<readonly string[]> {
  const evaluator = evaluatorOf(lab, made);
  for (const { packet, quoted, id } of shots) {
    if (quoted === null) lab.send(packet, id);
    else lab.sendBytes(packet, unreachableBytes(packet, quoted, id));
  }
  const met = new Map<number, string[]>();
  const sent = new Map(shots.map(({ packet, id }) => [id & 0xffff, packet]));
  for (const { prefix, hook, payload } of await lab.logged(lastPacket(made.family))) {
    const id = idOf(payload);
    const packet = sent.get(id);
    // What the firewall itself says meanwhile, answers and errors, may carry the same id by chance.
    if (packet === undefined || sourceOf(payload) !== packet.src || !hooksOf[packet.hook].includes(hook)) continue;
    const rules = met.get(id) ?? [];
    rules.push(prefix);
    met.set(id, rules);
    for (const kind of made.kinds.get(prefix) ?? []) count(kind);
  }
  return shots.flatMap(({ packet, id }) => {
    const trace = evaluator.trace(packet);
    const inKernel = met.get(id & 0xffff) ?? [];
    if (trace !== null && hangs(trace, packet, lab)) {
      const passed = inKernel.some((name) => name.startsWith('security:'));
      const endings = trace.verdict === 'DEPENDS' ? trace.outcomes : [trace];
      // What POSTROUTING drops has passed filter.
      const foreseen = endings.map(({ verdict, decidedBy }) => verdict === 'ACCEPT' || decidedBy?.chain === 'POSTROUTING');
      return foreseen.includes(passed) ? [] : [report(lab, made, packet, trace, ['one of its outcomes'], inKernel)];
    }
    const expected = trace === null ? ['no answer'] : rulesMet(trace, made, instrumented);
    if (inKernel.length > 0) for (const kind of [packet.state, packet.hook, `IPv${packet.family}`]) count(kind);
    return expected.join(' ') === inKernel.join(' ') ? [] : [report(lab, made, packet, trace, expected, inKernel)];
  });
}

/**
 * Where no packet says enough: a later fragment's payload is read as ports by iptables-nft, and an ICMP error does not
 * tell the protocol of the connection that it belongs to.
 */
function hangs(trace: Trace, packet: Packet, lab: Lab): boolean {
  const fragment = packet.fragment && lab.backend === 'nft';
  return (fragment || packet.state === 'RELATED') && trace.path.some(({ maybe }) => maybe);
}

function evaluatorOf({ host, backend }: Lab, { family, text }: MadeRuleset): Evaluator {
  const value = must(parseRuleset(text, { file: 'made', family }));
  const written = { ...value, writer: { tool: 'iptables-save', version: '1.8.9', backend } } as const;
  return createEvaluator({ ...host, rulesets: { ...host.rulesets, [family]: { known: true, value: written } } });
}

/** The rules that report, as the kernel would name them; an answer that hangs on anything is none. */
function rulesMet(trace: Trace, made: MadeRuleset, instrumented: boolean): readonly string[] {
  if (trace.verdict === 'DEPENDS' || trace.verdict === 'UNDECIDED') return [trace.verdict, ...trace.dependsOn];
  return trace.path.map(ruleName).filter((name) => (instrumented && made.kinds.has(name)) || /^security:[A-Z]+:1$/.test(name));
}

function report(
  lab: Lab,
  made: MadeRuleset,
  packet: Packet,
  trace: Trace | null,
  expected: readonly string[],
  inKernel: readonly string[],
): string {
  const way = `${formatAddress({ family: packet.family, value: packet.src })} to ${formatAddress({ family: packet.family, value: packet.dst })}`;
  return [
    `iptables-${lab.backend}, ${formatProtocol(packet.proto)} ${way}, seed ${seed}`,
    JSON.stringify(packetToJson(packet)),
    `palisade: ${expected.join(' ')} ${trace?.verdict}`,
    `kernel:   ${inKernel.join(' ')}`,
    made.text,
  ].join('\n');
}
