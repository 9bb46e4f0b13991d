import { z } from 'zod';

/** What `journal` says: its entries, or whether they are as they were written. */
export const journalPart = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('entry'),
      at: z.number().describe('Epoch seconds.'),
      what: z
        .enum(['begun', 'changed', 'confirmed', 'undone', 'refused', 'opened', 'closed', 'boot', 'mended'])
        .describe(
          '`begun`: about to be written. `changed`: written, read back, and waiting. `confirmed`, `undone`: how it ended. `refused`: not made, or undone at once. `opened`, `closed`: let in for a while, or no longer. `boot`: what was restored when the machine started. `mended`: the journal itself.',
        ),
      by: z
        .object({
          uid: z.int(),
          sudoUid: z.int().nullable().describe('Who he was before sudo.'),
          loginUid: z.int().nullable().describe('As whom he logged in.'),
          peer: z.string().nullable().describe('From where he is connected; null: from a console, or a service.'),
        })
        .nullable()
        .describe('null: a script of palisade’s, on nobody’s order.'),
      policy: z.object({ path: z.string(), digest: z.string().nullable().describe('SHA-256 of its text.') }).nullable(),
      tables: z.array(z.string()).describe('Tables with something of palisade’s, as `4 filter`.'),
      sets: z.array(z.string()),
      text: z.string(),
      previous: z.string().describe('SHA-256 of the line before.'),
    }),
    z.object({
      kind: z.literal('verified'),
      entries: z.int().describe('Lines that follow one from the other.'),
      last: z
        .string()
        .nullable()
        .describe('SHA-256 of the last of them: kept elsewhere, it shows whether lines at the end were cut off.'),
      broken: z
        .object({ line: z.int(), why: z.string() })
        .nullable()
        .describe('The first line that does not follow from the one before it.'),
      torn: z.int().describe('Bytes of a last line that a crash tore; the next entry mends it.'),
    }),
  ])
  .meta({ id: 'JournalPart' });

export type JournalPartJson = z.output<typeof journalPart>;
