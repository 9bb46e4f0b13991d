import { z } from 'zod';
import type { Standing } from '../analysis/answers/index.ts';
import { type Finding, type Report, severities } from '../audit/finding.ts';
import { packetToJson, packetTypes, type RuleRef, states, type Trace } from '../model/packet/index.ts';

/** The JSON that verbs and API share, and how the core's values become it. */

export const ruleRef: z.ZodType<RuleRef> = z
  .object({
    family: z.union([z.literal(4), z.literal(6)]),
    table: z.string(),
    chain: z.string(),
    rule: z
      .union([z.int().min(1), z.literal('policy')])
      .describe('From 1 within its chain as iptables counts; a chain’s policy is "policy".'),
  })
  .meta({ id: 'RuleRef' });

export const packet = z
  .object({
    hook: z.enum(['input', 'forward', 'output']),
    in: z.string().nullable(),
    out: z.string().nullable(),
    src: z.string(),
    dst: z.string(),
    proto: z.string(),
    sport: z.int().nullable(),
    dport: z.int().nullable(),
    icmpType: z.int().nullable(),
    icmpCode: z.int().nullable(),
    flags: z.array(z.string()).optional(),
    state: z.enum(states),
    status: z.array(z.string()).optional(),
    direction: z.enum(['original', 'reply']).optional(),
    original: z.object({ src: z.string(), dst: z.string(), sport: z.int().nullable(), dport: z.int().nullable() }).optional(),
    mark: z.int(),
    connmark: z.int().optional(),
    length: z.int(),
    ttl: z.int(),
    fragment: z.boolean().optional(),
    mac: z.string().optional(),
    tos: z.int().optional().describe('TOS byte or traffic class; like what follows, left out where it is not said.'),
    pktType: z.enum(packetTypes).optional().describe('How the link layer addressed it; what the host sends is unicast.'),
    uid: z
      .int()
      .nullable()
      .optional()
      .describe('User whose socket sends it; null: none does; 4294967295: one of the kernel’s own. On output only.'),
    gid: z.int().nullable().optional().describe('Group of that socket; null where it has no user.'),
  })
  .meta({ id: 'Packet', description: 'One packet as it stands at the beginning of its way.' });

const verdict = z.enum(['ACCEPT', 'DROP', 'REJECT', 'QUEUE', 'STOLEN']);

export const proof = z
  .discriminatedUnion('ran', [
    z.object({
      ran: z.literal(true),
      kernel: z.enum(['ACCEPT', 'DROP']).describe('DROP: a rule or policy took it, in silence or with an answer.'),
      decidedBy: ruleRef.nullable().describe('The rule or policy that the kernel’s own tracing names.'),
      agrees: z
        .boolean()
        .describe('The kernel gave the verdict that is claimed, by the same rule. False is a fault of palisade.'),
      led: z
        .boolean()
        .describe(
          'The packet was led to its hook by routes made for it, since those of the host are not known or lead elsewhere: the rules are proved, not the way there.',
        ),
    }),
    z.object({ ran: z.literal(false), why: z.string() }),
  ])
  .meta({ id: 'Proof', description: 'What the kernel did with the packet in a rehearsal.' });

export type ProofJson = z.output<typeof proof>;

/** Where a proof stands beside a packet. */
export const proofGiven = proof.nullable().describe('null: it was not asked for with --prove, or there is no packet to send.');

export const trace = z
  .object({
    verdict: z.enum([...verdict.options, 'DEPENDS', 'UNDECIDED']),
    decidedBy: ruleRef.nullable(),
    line: z.int().nullable(),
    path: z.array(
      z.object({
        family: z.union([z.literal(4), z.literal(6)]),
        table: z.string(),
        chain: z.string(),
        rule: z.union([z.int(), z.literal('policy')]),
        line: z.int().nullable(),
        effect: z.string(),
        maybe: z.boolean().describe('An undecidable match stands in the rule.'),
      }),
    ),
    dependsOn: z.array(z.string()),
    outcomes: z.array(
      z.object({
        when: z.record(z.string(), z.boolean()),
        verdict,
        decidedBy: ruleRef.nullable(),
        line: z.int().nullable(),
      }),
    ),
    assumed: z.array(z.string()),
    certainty: z
      .enum(['certain', 'possible', 'unknown'])
      .describe(
        'possible: other rules on the way (beside) may still take what these let through. unknown: they may have changed the packet before.',
      ),
    beside: z
      .array(z.string())
      .describe('What else sees the packet: base chains of nft, rules of the other backend. Named, not followed.'),
    proof: proofGiven,
  })
  .meta({ id: 'Trace', description: 'What becomes of one packet.' });

export type TraceJson = z.output<typeof trace>;

export function traceToJson(value: Trace, { certainty, beside }: Standing, shown: ProofJson | null = null): TraceJson {
  return {
    ...value,
    path: [...value.path],
    dependsOn: [...value.dependsOn],
    outcomes: value.outcomes.map((ending) => ({ ...ending, when: { ...ending.when } })),
    assumed: [...value.assumed],
    certainty,
    beside: [...beside],
    proof: shown,
  };
}

const located = z.object({
  family: z.union([z.literal(4), z.literal(6)]),
  table: z.string(),
  chain: z.string(),
  rule: z.union([z.int(), z.literal('policy')]),
  line: z.int().nullable(),
});

export const finding = z
  .object({
    id: z.string(),
    severity: z.enum(severities),
    certainty: z.enum(['certain', 'possible']),
    title: z.string(),
    why: z.string(),
    family: z.union([z.literal(4), z.literal(6)]).nullable(),
    at: z.array(located),
    causedBy: z.array(located),
    witness: z
      .object({ packet, verdict: trace.shape.verdict, decidedBy: ruleRef.nullable(), dependsOn: z.array(z.string()) })
      .nullable()
      .describe('One packet that shows it, and what becomes of it.'),
    proof: proofGiven,
    fix: z.string(),
    refs: z.array(z.string()).describe('Controls of standards, such as "CIS Debian 12 4.4.2.2".'),
    ports: z.array(z.string()).optional().describe('All ports that it is about, such as "8443/tcp".'),
  })
  .meta({ id: 'Finding' });

export type FindingJson = z.output<typeof finding>;

export function findingToJson({ ports, ...value }: Finding, shown: ProofJson | null = null): FindingJson {
  const { witness } = value;
  return {
    ...value,
    ...(ports !== undefined && { ports: [...ports] }),
    proof: shown,
    at: [...value.at],
    causedBy: [...value.causedBy],
    refs: [...value.refs],
    witness: witness && {
      packet: packet.parse(packetToJson(witness.packet)),
      verdict: witness.trace.verdict,
      decidedBy: witness.trace.decidedBy,
      dependsOn: [...witness.trace.dependsOn],
    },
  };
}

export const unknownAnswer = z.object({ id: z.string(), why: z.string(), remedy: z.string() }).meta({ id: 'Unknown' });

export const counts = z
  .object({ critical: z.int(), high: z.int(), medium: z.int(), low: z.int(), info: z.int() })
  .meta({ id: 'Counts' });

export function countsOf(report: Report): z.output<typeof counts> {
  const sum = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  for (const { severity } of report.findings) sum[severity] += 1;
  return sum;
}

const score = z
  .int()
  .min(0)
  .max(100)
  .nullable()
  .describe('null when nothing is known of the rules, or confidence is 0. Below 100 % confidence it is a bound from above.');
const confidence = z.int().min(0).max(100).describe('Percent of the checks that could be answered.');

/** What `audit --json` prints. */
export const auditReport = z
  .object({
    host: z.string(),
    readAt: z.number().describe('Epoch seconds.'),
    score,
    confidence,
    counts,
    findings: z.array(finding),
    unknown: z.array(unknownAnswer),
  })
  .meta({ id: 'AuditReport' });

export type AuditJson = z.output<typeof auditReport>;

/** `proofs`: of findings that were tried on the kernel. */
export function reportToJson(
  name: string,
  readAt: number,
  report: Report,
  proofs: ReadonlyMap<Finding, ProofJson> = new Map(),
): AuditJson {
  return {
    host: name,
    readAt: readAt / 1000,
    score: report.score,
    confidence: report.confidence,
    counts: countsOf(report),
    findings: report.findings.map((one) => findingToJson(one, proofs.get(one) ?? null)),
    unknown: [...report.unknown],
  };
}

/** The verdict in one word, and the screen around it. */
export const statusReport = z
  .object({
    host: z.string(),
    readAt: z.number().describe('Epoch seconds.'),
    protected: z
      .enum(['yes', 'no', 'unknown'])
      .describe(
        'no: a critical or high finding is certain. unknown: one is possible, or something that could be one was not read.',
      ),
    backends: z.object({ 4: z.string(), 6: z.string() }).describe('nft, legacy, both, none or unknown, by family.'),
    rules: z.object({ 4: z.int().nullable(), 6: z.int().nullable() }),
    foreign: z.array(z.string()).describe('nft base chains that iptables did not make, by name: seen, not modelled.'),
    score,
    confidence,
    counts,
    findings: z.array(finding).describe('Worst first.'),
    unknown: z.array(unknownAnswer),
    next: z.array(z.string()).describe('What to do now, most useful first.'),
  })
  .meta({ id: 'StatusReport' });

export type StatusJson = z.output<typeof statusReport>;

const rule = z.object({
  number: z.int(),
  line: z.int(),
  packets: z.int().nullable(),
  bytes: z.int().nullable(),
  text: z.string().describe('The rule without its counters, as iptables-save prints it.'),
  comment: z.string().nullable(),
  notUnderstood: z.array(z.string()).describe('Matches and targets that palisade does not know: kept, not judged.'),
  met: z
    .object({
      since: z.number().describe('Epoch seconds at which the rule was first seen.'),
      packets: z.int(),
      bytes: z.int(),
      lastHit: z
        .number()
        .nullable()
        .describe('Epoch seconds of the reading that first showed its last packet; null: none so far.'),
    })
    .optional()
    .describe('What it has met since it was first seen, whatever was reloaded meanwhile, where that is remembered.'),
});

/** What `show --json` prints. */
export const rulesetReport = z
  .object({
    host: z.string(),
    readAt: z.number().describe('Epoch seconds.'),
    countedAt: z
      .number()
      .describe(
        'Epoch seconds at which packets and bytes were read; before readAt where an unchanged big ruleset was not listed anew.',
      ),
    families: z.array(
      z.object({
        family: z.union([z.literal(4), z.literal(6)]),
        source: z.string().describe('The file or the command that it was read from.'),
        backend: z.enum(['nft', 'legacy']).nullable(),
        tables: z.array(
          z.object({
            name: z.string(),
            chains: z.array(
              z.object({
                name: z.string(),
                policy: z.enum(['ACCEPT', 'DROP']).nullable(),
                packets: z.int().nullable(),
                bytes: z.int().nullable(),
                rules: z.array(rule),
              }),
            ),
          }),
        ),
      }),
    ),
    foreign: z.array(z.string()),
    unknown: z.array(z.object({ what: z.string(), why: z.string(), remedy: z.string() })),
  })
  .meta({ id: 'RulesetReport' });

export type RulesetJson = z.output<typeof rulesetReport>;
