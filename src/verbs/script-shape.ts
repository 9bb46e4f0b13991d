import { z } from 'zod';

const command = z.object({ line: z.int(), command: z.string() });
const family = z.union([z.literal(4), z.literal(6)]);

const step = command.extend({
  sure: z
    .boolean()
    .describe('False: it hangs on what connection tracking knows of the session, or comes behind what is not understood.'),
  until: command.nullable().describe('The command that lets it through again; null: none, or too late.'),
});

const session = z.object({
  peer: z.string(),
  peerPort: z.int(),
  local: z.string(),
  localPort: z.int(),
  link: z.string(),
  named: z.boolean().describe('False: nobody is known to be logged in, and this peer stands for whoever may log in.'),
  cut: step.nullable().describe('The first command after which its packets no longer pass.'),
  lockedOut: z.boolean().nullable().describe('A new connection of the peer is refused in the end; null when that is unknown.'),
});

const transaction = z.object({
  family,
  tool: z.string(),
  tables: z.array(z.string()).describe('In the order in which the kernel takes them, each at once.'),
  text: z.string().describe('What the tool is to read; one character a byte.'),
});

/** What `audit --script --json` says besides findings. */
export const scriptPart = z
  .object({
    file: z.string(),
    start: z.enum(['live', 'files', 'empty']).describe('The rules that the script begins with. empty: as after a fresh boot.'),
    assumed: z.array(z.string()),
    commands: z.int().describe('Commands that are about rules.'),
    transactions: z.int().describe('In so many steps the kernel takes the change.'),
    sessions: z.array(session),
    open: z
      .array(
        z.object({
          family,
          hook: z.enum(['input', 'forward']),
          from: command,
          to: command,
        }),
      )
      .nullable()
      .describe('From when to when the host lets in what neither the rules before nor those after do; null when undecided.'),
    refused: z.array(command.extend({ message: z.string() })).describe('Commands that iptables would refuse.'),
    notUnderstood: z
      .array(command.extend({ message: z.string() }))
      .describe('As if they were not there: only a running shell can tell.'),
    equivalent: z
      .object({
        transactions: z.array(transaction),
        added: z
          .array(z.object({ family, table: z.string(), rule: z.string() }))
          .describe('Rules that the script lacks, without which a session would be locked out; the texts have them.'),
        safe: z
          .boolean()
          .nullable()
          .describe('Every session passes after each of its steps; null: there is no session to ask about.'),
        first: z.array(command).describe('Commands of ipset that have to come first.'),
      })
      .describe('The same change in as few steps as there are tables.'),
  })
  .meta({ id: 'ScriptAudit' });

export type ScriptPartJson = z.output<typeof scriptPart>;
