import { z } from 'zod';
import type { Difference, Region, RewriteDifferences, UndecidedWay, WayDifferences } from '../analysis/answers/index.ts';
import { packetToJson } from '../model/packet/index.ts';
import { type ProofJson, packet, proof, ruleRef } from './shapes.ts';

/** What all packets of a region have in common; they are those that meet all of it. */
export const region = z
  .object({
    where: z
      .array(
        z.object({
          field: z.string(),
          not: z.boolean().describe('The packets have none of the values.'),
          values: z
            .array(z.string())
            .describe(
              'Addresses and prefixes, FIRST-LAST, names (veth*: links that begin so and that no rule names), flags (SYN,!ACK), VALUE/MASK of marks; none: the packet lacks the field.',
            ),
        }),
      )
      .describe('Conditions on fields. Empty: every packet.'),
    matches: z
      .array(z.object({ text: z.string(), holds: z.boolean() }))
      .describe('How matches that no field tells (limit, recent, …) must answer.'),
    dependsOn: z.array(z.string()).describe('Matches on which it hangs in a way that no such list says.'),
    share: z
      .number()
      .describe('Of all packets of the way that can exist, every address, port and protocol being as likely as any other.'),
  })
  .meta({ id: 'Region' });

export type RegionJson = z.output<typeof region>;

export function regionToJson({ conditions, dependsOn, share }: Region): RegionJson {
  return {
    where: conditions.flatMap((one) =>
      one.kind === 'field' ? [{ field: one.field, not: one.not, values: [...one.values] }] : [],
    ),
    matches: conditions.flatMap((one) => (one.kind === 'match' ? [{ text: one.text, holds: one.holds }] : [])),
    dependsOn: [...dependsOn],
    share,
  };
}

const side = z.object({
  verdict: z
    .enum(['ACCEPT', 'DROP', 'REJECT', 'QUEUE', 'STOLEN', 'OTHER-WAY'])
    .describe('OTHER-WAY: it leaves this way, as by DNAT.'),
  answer: z.string().nullable().describe('What REJECT answers with.'),
  decidedBy: ruleRef.nullable().describe('What decides about the witness; null where no table stands in the way.'),
  line: z.int().nullable(),
  others: z.int().describe('Other rules and policies that decide about the rest of the region.'),
});

const difference = z.object({
  kind: z
    .enum(['newly-allowed', 'newly-blocked', 'blocked-otherwise', 'other-way'])
    .describe('blocked-otherwise: DROP for REJECT, another answer, and the like.'),
  region,
  before: side,
  after: side,
  witness: z
    .object({
      packet,
      assumed: z.array(z.object({ text: z.string(), holds: z.boolean() })).describe('Answers of matches that no field tells.'),
      checked: z.boolean().describe('The plain interpreter of rules gives both verdicts too.'),
      proof: z
        .object({ before: proof, after: proof })
        .nullable()
        .describe('What the kernel did with the packet under each of the rulesets; null: it was not asked for with --prove.'),
    })
    .nullable(),
});

/** How two rulesets differ on one way. */
export const wayReport = z.object({
  hook: z.enum(['input', 'forward', 'output']),
  equal: z.boolean().nullable().describe('Every packet has the same verdict; null when it could not be decided.'),
  undecided: z.string().nullable().describe('The budget that was not enough.'),
  share: z.number().describe('Of all packets of the way, those that are treated differently.'),
  left: z.number().describe('Of all packets of the way, those of them that no listed region holds.'),
  differences: z.array(difference).describe('Regions that do not overlap, biggest first.'),
});

/** What two rulesets let pass, and change otherwise. */
export const rewritesReport = z
  .object({
    differences: z.array(
      z.object({
        table: z.string(),
        chain: z.string(),
        region: region.describe('In terms of the packet as it comes to the chain.'),
        before: z.string(),
        after: z.string().describe('What the chain does to it, in words: dst 192.0.2.7, dport 80.'),
      }),
    ),
    more: z.boolean().describe('There are more than are listed.'),
  })
  .nullable()
  .describe('Packets that both let pass a built-in chain, translated or marked differently; null when it could not be decided.');

/** What `diff --json` prints. */
export const diffReport = z
  .object({
    before: z.string(),
    after: z.string(),
    families: z.array(
      z.object({
        family: z.union([z.literal(4), z.literal(6)]),
        ways: z.array(wayReport),
        rewrites: rewritesReport,
      }),
    ),
    assumed: z.array(z.string()).describe('What had to be taken for granted.'),
    unknown: z.array(z.object({ what: z.string(), why: z.string(), remedy: z.string() })),
  })
  .meta({ id: 'DiffReport' });

export type DiffJson = z.output<typeof diffReport>;
type WayJson = DiffJson['families'][number]['ways'][number];

/** What the kernel did with a difference's packet under each of the rulesets. */
export interface BothProofs {
  readonly before: ProofJson;
  readonly after: ProofJson;
}

/** `proofs`: of differences that were tried on the kernel. */
export function wayToJson(way: WayDifferences | UndecidedWay, proofs: ReadonlyMap<Difference, BothProofs>): WayJson {
  if (way.kind === 'undecided') return { hook: way.hook, equal: null, undecided: way.why, share: 0, left: 0, differences: [] };
  const { hook, equal, share, left } = way;
  return {
    hook,
    equal,
    undecided: null,
    share,
    left,
    differences: way.differences.map((one) => differenceToJson(one, proofs.get(one) ?? null)),
  };
}

function differenceToJson(
  { kind, region: of, before, after, witness }: Difference,
  proofs: BothProofs | null,
): WayJson['differences'][number] {
  return {
    kind,
    region: regionToJson(of),
    before: sideToJson(before),
    after: sideToJson(after),
    witness: witness && {
      packet: packet.parse(packetToJson(witness.packet)),
      assumed: witness.assumed.map(({ text, holds }) => ({ text, holds })),
      checked: witness.checked,
      proof: proofs && { ...proofs },
    },
  };
}

function sideToJson({ verdict, answer, decision, others }: Difference['before']): z.output<typeof side> {
  return { verdict, answer, decidedBy: decision?.by ?? null, line: decision?.line ?? null, others };
}

export function rewritesToJson(rewrites: RewriteDifferences | null): DiffJson['families'][number]['rewrites'] {
  return (
    rewrites && {
      differences: rewrites.differences.map((one) => ({ ...one, region: regionToJson(one.region) })),
      more: rewrites.more,
    }
  );
}
