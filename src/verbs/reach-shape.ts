import { z } from 'zod';
import { packet, proofGiven, ruleRef } from './shapes.ts';

const words = z.object({
  except: z.boolean().describe('True: all but the list, so that an empty list is all.'),
  list: z.array(z.string()),
});

const goal = z.object({
  kind: z
    .enum(['host', 'published', 'through'])
    .describe('host: a socket of this host. published: where a rule of nat sends it. through: sent on as it is.'),
  address: z.string().nullable(),
  port: z.string().nullable().describe('null: the one that was asked for.'),
  link: z.string().nullable().describe('The link that it leaves by; null when it is for this host, or not known.'),
});

const row = z.object({
  links: z.array(z.string()).describe('Links that it arrives on; NAME* is every other that begins so.'),
  services: words.describe('`22/tcp`, `6000-6007/tcp`, `ping`, `icmp type 13`, `gre`, `other protocols`.'),
  destinations: words
    .extend({ own: z.boolean().describe('The addresses of this host.') })
    .describe('The address that the sender writes to. Rows that lead through the host never speak of its own addresses.'),
  sources: z
    .object({ 4: words.nullable(), 6: words.nullable() })
    .describe('Addresses, networks, ranges or sets that may, by family; null: none.'),
  verdict: z.enum(['ACCEPT', 'DEPENDS']).describe('DEPENDS: accepted or not as the conditions tell.'),
  conditions: z.array(z.string()).describe('Matches as they stand in the rules, and values of other fields.'),
  goals: z.array(goal).describe('Where it leads; of several the kernel chooses.'),
  listeners: z
    .array(z.object({ proto: z.string(), port: z.int(), process: z.string().nullable() }))
    .nullable()
    .describe('Who waits for it here; null when that is unknown, or it leads elsewhere.'),
  witness: z
    .object({
      packet,
      decidedBy: ruleRef.nullable(),
      line: z.int().nullable(),
      assumed: z.array(z.object({ text: z.string(), holds: z.boolean() })).describe('Answers of matches that no field tells.'),
      proof: proofGiven,
    })
    .nullable()
    .describe(
      'One packet that is let in, checked by the interpreter, and the rule that decides about it; null where none is at hand.',
    ),
});

/** What `reach --json` prints. */
export const reachReport = z
  .object({
    host: z.string(),
    readAt: z.number().describe('Epoch seconds.'),
    outward: z.array(z.string()).describe('Links of default routes.'),
    rows: z.array(row).describe('First packets of connections from elsewhere that may be accepted.'),
    refused: z
      .array(
        z.object({ family: z.union([z.literal(4), z.literal(6)]), links: z.array(z.string()), verdicts: z.array(z.string()) }),
      )
      .describe('What becomes of everything that no row names.'),
    strict: z.array(z.string()).describe('Links that take IPv4 packets only from sources that are routed over them (rp_filter).'),
    assumed: z.array(z.object({ family: z.union([z.literal(4), z.literal(6)]), sentence: z.string() })),
    unknown: z.array(z.object({ what: z.string(), why: z.string(), remedy: z.string() })),
  })
  .meta({ id: 'ReachReport' });

export type ReachJson = z.output<typeof reachReport>;
