import { z } from 'zod';
import { loggedPacket } from './event.ts';
import { ruleRef } from './shapes.ts';

const whyShape = z
  .object({
    rules: z
      .array(
        z.object({
          family: z.union([z.literal(4), z.literal(6)]),
          table: z.string(),
          chain: z.string(),
          rule: z.union([z.int(), z.literal('policy')]),
          text: z.string().nullable().describe('The rule as iptables-save prints it.'),
        }),
      )
      .describe('Which rule logged it; several where each may have; none if none of the present rules does.'),
    verdict: z
      .string()
      .nullable()
      .describe('What became of the packet then; DEPENDS: the log does not tell; null: the rules do not tell.'),
    decidedBy: ruleRef.nullable(),
    dependsOn: z.array(z.string()).describe('Where it depends: what it hangs on.'),
    unknown: z.string().nullable().describe('Why something of it cannot be told.'),
  })
  .describe('By the present rules, which may have been others when it came.');

export type WhyJson = z.output<typeof whyShape>;

/** What `events` says, one by one. */
export const eventPart = z
  .discriminatedUnion('kind', [
    loggedPacket.extend({
      kind: z.literal('event'),
      id: z.int(),
      what: z
        .enum(['packet', 'failed-login', 'accepted-login'])
        .describe('A packet that was logged, or a login of which sshd said so: then prefix is the daemon’s name.'),
      from: z.string().describe('Where it was read: `nflog:5`, `kmsg`, `journal`, a file.'),
      trusted: z.boolean().describe('Nobody without rights over this machine could have written it.'),
      why: whyShape.optional(),
    }),
    z.object({
      kind: z.literal('lost'),
      source: z.string(),
      count: z.int(),
      of: z.string().describe('packets, records, bytes or events'),
    }),
  ])
  .meta({ id: 'EventPart' });

export type EventPartJson = z.output<typeof eventPart>;
