import { z } from 'zod';
import type { Standing } from '../analysis/answers/index.ts';
import type { Host } from '../model/host/index.ts';
import { type Packet, packetTypes, states, type Trace } from '../model/packet/index.ts';
import type { Problem } from '../result.ts';
import type { Proving } from './proof/index.ts';
import { proveInput, readHostAndSets, readingInput } from './reading.ts';
import { type TraceJson, trace as traceShape, traceToJson } from './shapes.ts';
import { type Context, type Outcome, verb } from './verb.ts';

const wholeNumber = (max: number, says: string, value: string) =>
  z.int().min(0).max(max).optional().describe(says).meta({ value });

export const trace = verb({
  name: 'trace',
  group: 'look',
  summary: 'what happens to a packet: hook by hook, rule by rule',
  description: `Sends one packet, described by flags, or many, one JSON object a line, through the rules as the kernel would,
and says which rule decides. Where a match such as limit or recent decides, the verdict is DEPENDS and every outcome is listed.
input and forward begin at PREROUTING, so addresses are those before DNAT; output begins at OUTPUT.
With --brief the path is left empty, and of what had to be taken for granted only what hangs on no rule is said.
Where other rules see the packet too (base chains of nft, the other backend), what these let through is only possible, and unknown
where those come first and may change it.
--prove sends the packets through the rules on the running kernel, in a throw-away namespace, and says what it did with each.`,
  input: z.object({
    ...readingInput,
    prove: proveInput,
    packets: z
      .string()
      .optional()
      .describe('Read packets from a file, one JSON object a line; - is standard input')
      .meta({ value: 'FILE', path: true }),
    brief: z
      .boolean()
      .default(false)
      .describe('Leave out the way there and say only the verdict and the rule that decides; for very many packets'),
    hook: z.enum(['input', 'forward', 'output']).optional().describe('To this host, through it, or from it (default input)'),
    src: z.string().optional().describe('Source address').meta({ value: 'ADDRESS' }),
    dst: z.string().optional().describe('Destination address; on input this host’s first one').meta({ value: 'ADDRESS' }),
    proto: z.string().optional().describe('tcp, udp, icmp, … or a number (default tcp)').meta({ value: 'NAME' }),
    sport: z.string().optional().describe('Source port (default 40000)').meta({ value: 'PORT' }),
    dport: z.string().optional().describe('Destination port, by number or a well-known name').meta({ value: 'PORT' }),
    in: z.string().optional().describe('Interface that it arrives on (default: the only one)').meta({ value: 'LINK' }),
    out: z.string().optional().describe('Interface that it leaves by').meta({ value: 'LINK' }),
    icmpType: z
      .string()
      .optional()
      .describe('ICMP type, by number or as iptables names it (default echo-request); makes icmp the protocol')
      .meta({ value: 'TYPE' }),
    icmpCode: wholeNumber(255, 'ICMP code', 'CODE'),
    flags: z.string().optional().describe('TCP flags, with commas (default SYN)').meta({ value: 'FLAGS' }),
    state: z.enum(states).optional().describe('Connection state (default NEW)'),
    mark: wholeNumber(0xffffffff, 'Packet mark', 'NUMBER'),
    length: wholeNumber(65535, 'Bytes of the packet (default 60)', 'BYTES'),
    ttl: wholeNumber(255, 'TTL or hop limit (default 64)', 'HOPS'),
    mac: z.string().optional().describe('Source MAC address').meta({ value: 'MAC' }),
    tos: wholeNumber(255, 'TOS byte or traffic class (default: not said)', 'NUMBER'),
    pktType: z.enum(packetTypes).optional().describe('How the link layer addressed it (default: not said)'),
    uid: wholeNumber(0xffffffff, 'User whose socket sends it (default: not said)', 'USER'),
    gid: wholeNumber(0xfffffffe, 'Group of that socket (default: not said)', 'GROUP'),
  }),
  output: traceShape,
  streams: true,
  exits: {
    0: 'every packet was followed',
    2: 'a file, flag or packet could not be read',
    3: 'the rules of a packet’s family are unknown, others may change a packet before them, or the kernel did otherwise than was said',
  },
  examples: [
    { command: 'palisade trace --src 203.0.113.9 --dport ssh', says: 'would this stranger reach sshd?' },
    { command: 'palisade trace --src 203.0.113.9 --dport ssh --prove', says: 'and does the kernel agree?' },
    { command: 'palisade trace --ruleset rules.v4 --packets probes.jsonl --json', says: 'many packets against a file' },
  ],
  async run(context, input) {
    const read = await readHostAndSets(context, input);
    if (!read.ok) return { kind: 'invalid', problems: read.problems };
    const { host } = read.value;
    const { packetOf, packetsIn } = await import('./asked-packets.ts');
    const packets = input.packets === undefined ? packetOf(host, input) : await packetsIn(context, host, input.packets);
    if (!packets.ok) return { kind: 'invalid', problems: packets.problems };
    const missing = packets.value.map(({ family }) => host.rulesets[family]).find((ruleset) => !ruleset.known);
    if (missing !== undefined && !missing.known) {
      const problem: Problem = {
        code: 'unread',
        message: `the rules that decide are unknown: ${missing.why}`,
        hint: missing.remedy,
      };
      return { kind: 'unread', problems: [problem] };
    }
    // Only the whole way there says which rule a packet meets for sure.
    const brief = input.brief && !input.prove;
    const tracing = await tracingFor(host, packets.value.length, brief);
    const told = (packet: Packet): Told => {
      context.signal.throwIfAborted();
      const trace = tracing.trace(packet);
      if (trace === null) throw new Error('a known ruleset has no answer');
      return { packet, trace, standing: tracing.standing(packet, trace) };
    };
    if (input.prove)
      return await proved(context, { ...read.value, backend: input.backend }, packets.value.map(told), input.brief);
    let sure = true;
    for (const packet of packets.value) {
      const { trace, standing } = told(packet);
      sure &&= standing.certainty !== 'unknown';
      await context.part(traceToJson(trace, standing));
    }
    return { kind: sure ? 'done' : 'unknown', value: null };
  },
});

interface Told {
  readonly packet: Packet;
  readonly trace: Trace;
  readonly standing: Standing;
}

/** Each answer with what the kernel did. */
async function proved(context: Context, proving: Proving, told: readonly Told[], brief: boolean): Promise<Outcome<TraceJson>> {
  const { claimOf, faultsOf, prove } = await import('./proof/index.ts');
  const claims = told.map((one) => claimOf(one));
  const proofs = await prove(context, proving, claims);
  for (const [index, { trace, standing }] of told.entries())
    await context.part(traceToJson(brief ? { ...trace, path: [] } : trace, standing, proofs[index]));
  const faults = faultsOf(claims.map((claim, index) => ({ where: 'trace', claim, proof: proofs[index] ?? null })));
  const sure = faults.length === 0 && told.every(({ standing }) => standing.certainty !== 'unknown');
  return { kind: sure ? 'done' : 'unknown', value: null, faults };
}

/** So many packets take the interpreter about as long as it takes to build the rules into functions. */
const mostInterpreted = 500;

interface Answering {
  trace(packet: Packet): Trace | null;
  standing(packet: Packet, trace: Trace): Standing;
}

async function tracingFor(host: Host, count: number, brief: boolean): Promise<Answering> {
  const { createStandings } = await import('../analysis/answers/bystanders.ts');
  const standing = createStandings(host);
  if (brief && count > mostInterpreted) {
    const { createTracing } = await import('../analysis/answers/index.ts');
    return { trace: createTracing(host).trace, standing };
  }
  const { createEvaluator } = await import('../analysis/index.ts');
  const evaluator = createEvaluator(host);
  return {
    standing,
    trace(packet) {
      const trace = evaluator.trace(packet);
      return brief && trace !== null ? { ...trace, path: [] } : trace;
    },
  };
}
