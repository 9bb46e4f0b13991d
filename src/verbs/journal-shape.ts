import { z } from 'zod';

const id = z.int().nullable();

const words = [
  ...(['begun', 'changed', 'confirmed', 'undone', 'refused', 'opened', 'closed', 'boot', 'mended'] as const),
  ...(['saved', 'restored', 'drift', 'repaired', 'announced', 'failed', 'cut', 'banned', 'unbanned'] as const),
] as const;

/** What `journal` says: its entries, whether they are as they were written, or a checkpoint that was made. */
export const journalPart = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('entry'),
      at: z.number().describe('Epoch seconds.'),
      what: z
        .enum(words)
        .describe(
          '`begun`: about to be written. `changed`: written, read back, and waiting. `confirmed`, `undone`: how it ended. `refused`: not made, or undone at once. `opened`, `closed`: let in for a while, or no longer. `boot`: what was restored when the machine started. `saved`: a snapshot was taken by hand or by the schedule. `restored`: a whole snapshot was put back. `drift`: somebody else changed the firewall. `repaired`: palisade put its own back. `announced`: somebody said that he changes it by hand, or that he is done. `failed`: a snapshot, a copy of one, or what the schedule was to do. `mended`: the journal’s own last line was torn by a crash. `cut`: lines at its end were found to be gone, or what would tell. `banned`, `unbanned`: a person shut somebody out, or let him in again.',
        ),
      by: z
        .object({
          uid: z.int(),
          sudoUid: id.describe('Who he was before sudo.'),
          loginUid: id.describe('As whom he logged in.'),
          peer: z.string().nullable().describe('From where he is connected; null: from a console, or a service.'),
        })
        .nullable()
        .describe('Who had palisade do it. null: a script or a service of palisade’s, on nobody’s order.'),
      actor: z
        .object({
          pid: z.int(),
          program: z.string().describe('Its path, or the first 15 characters of its name.'),
          command: z.string().nullable().describe('The program and its arguments; null: it had ended before they could be read.'),
          uid: id,
          loginUid: id.describe('As whom he logged in who started it.'),
          parents: z.array(z.string()).describe('Names of those that started it, nearest first.'),
        })
        .nullable()
        .describe('Whose process was seen to change the firewall beside palisade; null: nobody’s, or not known.'),
      policy: z.object({ path: z.string(), digest: z.string().nullable().describe('SHA-256 of its text.') }).nullable(),
      tables: z.array(z.string()).describe('Tables with something of palisade’s, as `4 filter`.'),
      sets: z.array(z.string()),
      snapshots: z
        .object({ before: z.string().nullable(), after: z.string().nullable() })
        .nullable()
        .describe('IDs of the snapshots of the host before and after; null: none was taken.'),
      text: z.string(),
      previous: z.string().describe('SHA-256 of the line before.'),
    }),
    z.object({
      kind: z.literal('verified'),
      entries: z.int().describe('Lines that follow one from the other.'),
      last: z
        .string()
        .nullable()
        .describe('SHA-256 of the last of them: kept elsewhere, `--has` tells later whether it is still there.'),
      broken: z
        .object({ line: z.int(), why: z.string() })
        .nullable()
        .describe('The first line that does not follow from the one before it.'),
      loss: z.string().nullable().describe('What of its end is gone, by its head, or that nobody can tell.'),
      newer: z
        .int()
        .describe(
          'Lines behind the one that the head names: palisade ended, or the disk was full, when it was to be written anew.',
        ),
      cuts: z.array(z.int()).describe('Lines that say that, when they were written, lines before them were gone.'),
      torn: z.int().describe('Bytes of a last line that a crash tore; the next entry mends it.'),
      has: z.boolean().nullable().describe('Whether what `--has` names is there; null: nothing was named.'),
      seal: z
        .object({
          key: z.string().nullable().describe('The public key of the first checkpoint.'),
          fingerprint: z.string().nullable(),
          keptHere: z.boolean().describe('It is the one that lies beside them, which whoever forged them could have written.'),
          checkpoints: z.int().describe('Those that are as they were signed and fit the journal.'),
          latest: z.string().nullable().describe('SHA-256 of the last of them: kept elsewhere, `--has` finds it.'),
          at: z.number().nullable().describe('When it was made, in epoch seconds.'),
          sealed: z.int().describe('So many lines, from the first, are as they were then.'),
          broken: z.object({ number: z.int(), why: z.string() }).nullable(),
          continues: z
            .enum(['yes', 'unfinished', 'other', 'missing'])
            .describe(
              'Whether the private key here is the one of the next checkpoint. `other`, `missing`: it is not, so that checkpoints at the end are gone or the key is.',
            ),
          torn: z.int().describe('Bytes of a last checkpoint that a crash tore.'),
        })
        .nullable()
        .describe('null: nothing was ever sealed.'),
    }),
    z.object({
      kind: z.literal('key'),
      key: z.string().describe('The public key of the first checkpoint, as `--key` takes it.'),
      fingerprint: z.string(),
      isNew: z.boolean(),
    }),
    z.object({
      kind: z.literal('checkpoint'),
      number: z.int(),
      count: z.int().describe('Lines of the journal that are sealed.'),
      digest: z.string().describe('SHA-256 of the checkpoint: kept elsewhere, `journal verify --has` finds it.'),
      isNew: z.boolean().describe('false: nothing was added to the journal since it was made.'),
    }),
  ])
  .meta({ id: 'JournalPart' });

export type JournalPartJson = z.output<typeof journalPart>;
