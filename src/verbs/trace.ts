import { z } from 'zod';
import type { Standing } from '../analysis/answers/index.ts';
import type { Host } from '../model/host/index.ts';
import { formatAddress, parsePort } from '../model/net/index.ts';
import { type Packet, packetTypes, states, type Trace } from '../model/packet/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { icmpTypeOf } from './icmp.ts';
import { packetFor } from './packet.ts';
import type { Proving } from './proof/index.ts';
import { proveInput, readHostAndSets, readingInput, readText } from './reading.ts';
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
    const packets = input.packets === undefined ? one(host, input) : await many(context, host, input.packets);
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

type Flags = Readonly<Record<string, unknown>> & {
  readonly src?: string | undefined;
  readonly dst?: string | undefined;
  readonly flags?: string | undefined;
  readonly icmpType?: string | undefined;
};

function one(host: Host, input: Flags): Result<Packet[]> {
  const json: Record<string, unknown> = { hook: 'input', proto: input.icmpType === undefined ? 'tcp' : 'icmp' };
  for (const field of [
    'hook',
    'src',
    'dst',
    'proto',
    'in',
    'out',
    'icmpCode',
    'state',
    'mark',
    'length',
    'ttl',
    'mac',
    'tos',
    'pktType',
    'uid',
    'gid',
  ]) {
    if (input[field] !== undefined) json[field] = input[field];
  }
  for (const field of ['sport', 'dport']) {
    if (input[field] === undefined) continue;
    const port = parsePort(String(input[field]));
    if (port === undefined)
      return failed({
        code: 'usage',
        message: `--${field} ${String(input[field])} is no port`,
        hint: 'write a number from 0 to 65535 or a name such as ssh',
      });
    json[field] = port;
  }
  if (input.icmpType !== undefined) {
    const icmp = icmpTypeOf((input.src ?? input.dst ?? '').includes(':') ? 6 : 4, input.icmpType);
    if (icmp === undefined) {
      return failed({
        code: 'usage',
        message: `--icmp-type ${input.icmpType} is no ICMP type`,
        hint: 'write a number from 0 to 255 or a name such as echo-request or port-unreachable',
      });
    }
    json['icmpType'] = icmp.type;
    if (icmp.code !== null) json['icmpCode'] ??= icmp.code;
  }
  if (input.flags !== undefined)
    json['flags'] = input.flags.split(',').filter((flag) => flag !== '' && flag.toUpperCase() !== 'NONE');
  const needed = ['src', 'dst'].filter((field) => json[field] === undefined);
  if (needed.includes('dst')) json['dst'] = ownAddress(host, String(json['src'] ?? ''), json['hook'] === 'input');
  if (json['src'] === undefined || json['dst'] === undefined) {
    return failed({
      code: 'usage',
      message: 'the packet is not whole',
      hint: `say ${needed.map((field) => `--${field}`).join(' and ')}, or --packets FILE`,
    });
  }
  const packet = packetFor(host, json);
  return packet.ok ? ok([packet.value]) : failed(...packet.problems.map((problem) => ({ ...problem, code: 'usage' as const })));
}

/** The first address of the host in the family of the source, for packets to the host. */
function ownAddress(host: Host, src: string, toHost: boolean): string | undefined {
  const family = src.includes(':') ? 6 : 4;
  if (!toHost) return undefined;
  const own = host.addresses.known
    ? host.addresses.value.find(({ prefix, scope }) => prefix.family === family && scope === 'global')
    : undefined;
  return own && formatAddress({ family, value: own.prefix.value });
}

async function many(context: Context, host: Host, file: string): Promise<Result<Packet[]>> {
  const text = await readText(context, file);
  if (!text.ok) return text;
  const packets: Packet[] = [];
  const lines = text.value.split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const at = { file, line: index + 1, column: 1 };
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      return failed({
        code: 'packet-invalid',
        at,
        message: 'this line is not JSON',
        hint: 'write one packet as a JSON object on each line',
      });
    }
    const packet = packetFor(host, json);
    if (!packet.ok) return failed(...packet.problems.slice(0, 1).map((problem) => ({ ...problem, at })));
    packets.push(packet.value);
  }
  if (packets.length === 0) {
    return failed({
      code: 'packet-invalid',
      at: { file, line: 1, column: 1 },
      message: 'there is no packet in it',
      hint: 'write one packet as a JSON object on each line',
    });
  }
  return ok(packets);
}
