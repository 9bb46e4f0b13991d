import { z } from 'zod';

/** What `change` says. */
export const announcePart = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('announced'),
      at: z.number().describe('Epoch seconds.'),
      until: z.number().describe('Epoch seconds; it ends by itself then, and when the machine starts anew.'),
      reason: z.string().nullable(),
      uid: z.int().describe('Who said so.'),
    }),
    z.object({ kind: z.literal('nothing'), text: z.string() }),
    z.object({
      kind: z.literal('accepted'),
      id: z.string().describe('The snapshot that drift is told by from now on.'),
      before: z.string().nullable().describe('The one before.'),
      changes: z.int().nullable().describe('Changes since that one; null: there was none, or it could not be compared.'),
      own: z
        .boolean()
        .describe('Some of them are to what is palisade’s: the next palisade apply makes it as the policy says again.'),
    }),
  ])
  .meta({ id: 'AnnouncePart' });

export type AnnouncePartJson = z.output<typeof announcePart>;
