import { z } from 'zod';

const family = z.union([z.literal(4), z.literal(6)]);

/** What `adopt --json` prints. */
export const adoptReport = z
  .object({
    policy: z.string().nullable().describe('The file that was written; null for standard output.'),
    text: z.string().describe('The policy.'),
    families: z.array(family).describe('Families whose rules were read, of which every packet is proved to be treated alike.'),
    rules: z.int().describe('Rules that some packet meets and that do something: those as terms and those as lines of iptables.'),
    asTerms: z.int().describe('Of them those that the policy says in its own words.'),
    raw: z
      .array(z.object({ family, table: z.string(), chain: z.string(), line: z.int(), text: z.string() }))
      .describe('Of them those that stand in the policy as lines of iptables.'),
    idle: z.int().describe('Rules that do nothing, such as jumps to empty chains; in no other count.'),
    dead: z
      .int()
      .describe('Rules that no packet meets whatever the host’s addresses and sets are, which are left out; in no other count.'),
    basics: z.array(z.string()).describe('What every server needs that stood in the rules, and is left on instead.'),
    frozen: z.array(z.string()).describe('ipsets whose addresses the policy holds as they were read.'),
    beside: z.array(z.string()).describe('Programs whose rules stay as they are.'),
    inPlace: z
      .array(z.object({ name: z.string(), off: z.string().nullable() }))
      .describe('Programs that wrote the rules and have to give up the firewall, and the command by which they do.'),
    removal: z
      .object({ 4: z.string(), 6: z.string() })
      .describe('By family, what iptables-restore --noflush reads to take the adopted rules away.'),
    removalFile: z.string().nullable().describe('The script that does so, where one was asked for.'),
    twice: z.boolean().describe('Until they are taken away, rules of other tables than filter act beside the policy’s.'),
  })
  .meta({ id: 'AdoptReport' });

export type AdoptJson = z.output<typeof adoptReport>;
