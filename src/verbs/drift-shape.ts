import { z } from 'zod';
import { rewritesReport, wayReport } from './diff-shapes.ts';

const family = z.union([z.literal(4), z.literal(6)]);

/** One thing that is other than it was. */
export const driftChange = z
  .object({
    kind: z
      .enum([
        'rule-added',
        'rule-removed',
        'rule-moved',
        'chain-added',
        'chain-removed',
        'policy-changed',
        'table-added',
        'table-removed',
        'backend-changed',
        'set-added',
        'set-removed',
        'set-changed',
        'members-changed',
        'hook-added',
        'hook-removed',
        'hook-changed',
        'native-added',
        'native-removed',
        'nft-changed',
      ])
      .describe(
        '`hook-…`: a base chain of nft that iptables did not make; `native-…`: a rule that nft made by itself in a table of iptables’; `nft-changed`: something else in a table of nft.',
      ),
    drift: z.boolean().describe('Somebody should look at it. Else a program changed what is its own, or nothing hangs on it.'),
    owner: z.enum(['own', 'opening', 'program', 'unknown']).describe('Whose it is; `opening`: of palisade open.'),
    program: z.string().nullable(),
    family: family.nullable(),
    backend: z.enum(['nft', 'legacy']).nullable(),
    table: z.string().nullable(),
    chain: z.string().nullable(),
    at: z.int().nullable().describe('Where the rule stands in its chain, from 1; of one that is gone, where it stood.'),
    from: z.int().nullable().describe('Where a rule that has moved stood.'),
    set: z.string().nullable(),
    before: z.string().nullable(),
    after: z.string().nullable().describe('The rule, the policy, or how the set is made.'),
    added: z.int().nullable().describe('Members of the set.'),
    removed: z.int().nullable(),
    some: z.array(z.string()).describe('Some of these members, with + or - before each.'),
  })
  .meta({ id: 'DriftChange' });

export type DriftChangeJson = z.output<typeof driftChange>;

/** Which packets are treated differently, of one family. */
export const driftPackets = z.object({
  family,
  opened: z
    .array(
      z.object({
        hook: z.enum(['input', 'forward', 'output']),
        exact: z.boolean().describe('Also from the few addresses that rules deny.'),
      }),
    )
    .describe('Ways on which everything is accepted now, and was not.'),
  undecided: z.string().nullable().describe('Why it could not be said.'),
  ways: z.array(wayReport),
  rewrites: rewritesReport,
});

export type DriftPacketsJson = z.output<typeof driftPackets>;

/** How the host stands beside what was accepted. */
const driftFound = z.object({
  kind: z.literal('drift'),
  at: z.number().describe('Epoch seconds at which the host was read.'),
  baseline: z.object({
    id: z.string().describe('The snapshot with which it was compared.'),
    at: z.number(),
    reason: z.string(),
    policy: z
      .boolean()
      .describe('A policy of palisade’s was in force then: without one nothing is its own, and nothing is put back.'),
  }),
  drifted: z.boolean(),
  says: z.array(z.string()).describe('What there is to say to people, the worst first.'),
  changes: z.array(driftChange),
  more: z.int().describe('Further changes that are not listed.'),
  counts: z
    .array(
      z.object({
        family: family.nullable(),
        table: z.string().nullable(),
        change: z.enum(['added', 'removed', 'moved', 'policy', 'other']),
        count: z.int(),
      }),
    )
    .describe('Of all that somebody should look at, listed or not; added, removed and moved are rules.'),
  packets: z.array(driftPackets).describe('Of what drifted alone: what programs changed of their own is left out.'),
  announced: z
    .object({ until: z.number().describe('Epoch seconds.'), reason: z.string().nullable() })
    .nullable()
    .describe('Somebody has said that he is changing the firewall by hand.'),
  unknown: z.array(z.object({ what: z.string(), why: z.string(), remedy: z.string() })),
});

/** What `drift` says. */
export const driftPart = z
  .discriminatedUnion('kind', [
    driftFound,
    z.object({
      kind: z.literal('watching'),
      accepted: z
        .string()
        .nullable()
        .describe('The snapshot of what stood, which was taken for what is to be; null: somebody had said that before.'),
      problems: z.array(z.string()).describe('What is not watched, or not well.'),
    }),
    z.object({
      kind: z.literal('noticed'),
      says: z.array(z.string()).describe('What there is to say to people, the worst first.'),
      by: z.string().nullable().describe('Who did it, as far as it can be told.'),
      snapshot: z.string().nullable().describe('Of the host as it was left.'),
      repaired: z
        .object({
          kind: z.enum(['nothing', 'suspended', 'repaired', 'failed']),
          says: z.array(z.string()).describe('What was put back, or why nothing was.'),
        })
        .nullable()
        .describe('What was put back; null: nobody asked for it.'),
      drift: driftFound.describe('All of it.'),
    }),
    z.object({ kind: z.literal('settled'), at: z.number().describe('Epoch seconds; the firewall is as it was accepted again.') }),
    z.object({ kind: z.literal('failed'), why: z.array(z.string()) }),
    z.object({
      kind: z.literal('boot'),
      family,
      source: z.string().describe('What loads rules when the machine starts: a file, a service, or palisade itself.'),
      stands: z
        .enum(['same', 'differs', 'nothing-saved', 'unknown'])
        .describe('Beside what is in force: the next start brings the same, something else, nothing, or nobody knows.'),
      why: z.string().nullable(),
      packets: driftPackets.nullable(),
    }),
  ])
  .meta({ id: 'DriftPart' });

export type DriftPartJson = z.output<typeof driftPart>;
export type DriftFoundJson = Extract<DriftPartJson, { kind: 'drift' }>;
