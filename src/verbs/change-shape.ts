import { z } from 'zod';
import { planReport } from './plan-shape.ts';

/** What is said of a change that is made, in the order in which it happens. */
export const madeParts = [
  z.object({ kind: z.literal('nothing'), text: z.string() }),
  z.object({
    kind: z.literal('changed'),
    tables: z.int().describe('Tables that were written.'),
    sets: z.int().describe('Sets that were made.'),
    seconds: z.int().nullable().describe('Until it undoes itself, unless it is confirmed; null: it is confirmed at once.'),
  }),
  z.object({
    kind: z.literal('confirmed'),
    by: z.string().nullable().describe('The new connection that confirmed it.'),
    boot: z.string().nullable().describe('What there is to know of the next start of the machine; null: nothing.'),
  }),
] as const;

/** What a verb that changes the firewall says, in the order in which it happens. */
export const changePart = z
  .discriminatedUnion('kind', [
    ...madeParts,
    z.object({
      kind: z.literal('left'),
      files: z.array(z.string()).describe('Files that load the rules when the machine starts.'),
    }),
    z.object({ kind: z.literal('plan'), plan: planReport.describe('With --dry-run: what would be done.') }),
    z.object({
      kind: z.literal('past'),
      id: z.string().describe('By when it was made.'),
      policy: z.string().nullable().describe('Where its policy stood.'),
    }),
    z.object({ kind: z.literal('note'), text: z.string() }),
  ])
  .meta({ id: 'ChangePart' });

export type ChangePartJson = z.output<typeof changePart>;
