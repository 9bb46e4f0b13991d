import { z } from 'zod';
import { packet, ruleRef, trace } from './shapes.ts';

const ends = z.object({ src: z.string(), sport: z.int().nullable(), dst: z.string(), dport: z.int().nullable() });

const judged = z.object({
  packet,
  verdict: trace.shape.verdict.nullable().describe('null: the rules are unknown, or others rewrite the packet before.'),
  decidedBy: ruleRef.nullable(),
  line: z.int().nullable(),
  rule: z.string().nullable().describe('The rule as iptables-save prints it; null for a policy.'),
  dependsOn: z.array(z.string()),
});

const connection = z.object({
  family: z.union([z.literal(4), z.literal(6)]),
  proto: z.string(),
  direction: z
    .enum(['inbound', 'outbound', 'forwarded', 'loopback'])
    .describe('Who opened it: somebody elsewhere, this host, somebody through it, this host to itself.'),
  peer: z
    .object({ address: z.string(), port: z.int().nullable() })
    .describe('The other end; of a forwarded one the end that opened it.'),
  process: z.string().nullable().describe('Of the end on this host.'),
  tracked: z.boolean().nullable().describe('Connection tracking knows it; null when that could not be read.'),
  state: z.string().nullable().describe('As connection tracking says it of TCP.'),
  first: ends.describe('As its first packet had them.'),
  translated: ends.nullable().describe('As that packet went on; null where nothing is translated.'),
  opens: z.array(judged).describe('What the present rules do with its first packet, NEW: on the loopback with two.'),
  now: z.array(judged).describe('What they do with its packets now: towards the end that did not open it, then back.'),
  anew: z
    .enum(['yes', 'no', 'depends', 'unknown'])
    .describe(
      'The present rules would let it in anew. no: it was accepted before they changed. depends: on limits, or on rules beside those of iptables.',
    ),
  why: z.string().nullable(),
});

/** What `connections --json` prints. */
export const connectionsReport = z
  .object({
    host: z.string(),
    readAt: z.number().describe('Epoch seconds.'),
    connections: z.array(connection).describe('Those that would not be let in anew come first.'),
    unknown: z.array(z.object({ what: z.string(), why: z.string(), remedy: z.string() })),
  })
  .meta({ id: 'ConnectionsReport' });

export type ConnectionsJson = z.output<typeof connectionsReport>;
