import { z } from 'zod';
import { madeParts } from './change-shape.ts';
import { diffReport } from './diff-shapes.ts';

const copies = z
  .array(
    z.object({
      to: z.string(),
      problem: z.string().nullable().describe('null: it is there, was read back, and is the same.'),
      note: z.string().nullable().describe('What should be known of it.'),
    }),
  )
  .describe('Where else it was put.');

const kept = {
  id: z.string().describe('SHA-256 of the file behind its first line.'),
  path: z.string(),
  at: z.number().describe('Epoch seconds.'),
  number: z.int().describe('Counts upwards, whatever clocks do.'),
  reason: z
    .enum(['created', 'scheduled', 'before', 'after', 'restored', 'drift', 'accepted', 'imported'])
    .describe(
      '`before`, `after`: of a change of palisade’s. `drift`: somebody else changed the firewall. `accepted`: what stood was taken for what is to be. `imported`: made of files.',
    ),
  tag: z.string().nullable(),
  host: z.string(),
  kernel: z.string(),
  counts: z.object({ rules4: z.int(), rules6: z.int(), sets: z.int(), members: z.int() }),
  bytes: z.int().describe('Of the file.'),
  proved: z.boolean().describe('It was loaded into a namespace and printed back, byte for byte.'),
  unproved: z.string().nullable().describe('Why it was not proved.'),
  signature: z.string().nullable().describe('The key that it names; null: it is not signed.'),
};

/** What `backup` says, one object a line. */
export const backupPart = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('created'),
      ...kept,
      copies,
    }),
    z.object({ kind: z.literal('snapshot'), ...kept, accepted: z.boolean().describe('What drifts, drifts from it.') }),
    z.object({
      kind: z.literal('shown'),
      ...kept,
      versions: z.record(z.string(), z.string()),
      rules: z.array(z.object({ family: z.int(), backend: z.string(), table: z.string(), chains: z.int(), rules: z.int() })),
      sets: z.array(z.object({ name: z.string(), type: z.string(), members: z.int() })),
      recent: z.array(z.string()).describe('Lists of the match recent.'),
      nftTables: z.array(z.string()).describe('Tables that iptables did not make; they are kept as text, and not restored.'),
      unread: z.array(z.string()),
    }),
    z.object({
      kind: z.literal('diff'),
      lines: z.array(z.object({ family: z.int(), change: z.enum(['added', 'removed']), table: z.string(), text: z.string() })),
      sets: z.array(
        z.object({ set: z.string(), change: z.enum(['added', 'removed', 'changed']), added: z.int(), removed: z.int() }),
      ),
      sysctls: z.array(z.object({ name: z.string(), before: z.string().nullable(), after: z.string().nullable() })),
      nft: z.boolean().describe('Tables that iptables did not make are others.'),
      packets: diffReport.describe('Which packets are treated differently.'),
    }),
    z.object({
      kind: z.literal('verified'),
      id: z.string(),
      path: z.string(),
      signed: z.enum(['nobody', 'known', 'stranger', 'wrong']),
      key: z.string().nullable(),
      proved: z.boolean().nullable().describe('null: it was not loaded anew; --prove does that.'),
      unproved: z.string().nullable(),
    }),
    z.object({ kind: z.literal('damaged'), path: z.string(), why: z.string() }),
    z.object({
      kind: z.literal('pruned'),
      ids: z.array(z.string()),
      left: z.int(),
      tried: z.boolean().describe('Only tried: nothing is gone.'),
    }),
    z.object({ kind: z.literal('exported'), id: z.string(), files: z.array(z.string()) }),
    z.object({
      kind: z.literal('key'),
      key: z.string(),
      file: z.string(),
      pem: z.string(),
      journal: z
        .object({ key: z.string(), fingerprint: z.string() })
        .nullable()
        .describe(
          'The public key of the journal’s first checkpoint, as `journal verify --key` takes it; null: none could be made.',
        ),
    }),
    z.object({
      kind: z.literal('schedule'),
      by: z.enum(['systemd', 'cron']),
      every: z.enum(['hourly', 'daily', 'weekly']),
      jitter: z.number().describe('It begins within so many seconds, on each machine at its own time.'),
      command: z.array(z.string()),
      files: z.array(z.string()),
      next: z.number().nullable().describe('Epoch seconds; null: nobody will do it, or says when.'),
      lack: z.string().nullable().describe('What keeps it from being done.'),
      begun: z.number().nullable().describe('When it was last done, in epoch seconds.'),
      succeeded: z.number().nullable().describe('When it last left nothing to be tried again.'),
      why: z.string().nullable().describe('Why it did not the last time.'),
    }),
    z.object({ kind: z.literal('unscheduled'), files: z.array(z.string()) }),
    ...madeParts,
    z.object({ kind: z.literal('note'), text: z.string() }),
  ])
  .meta({ id: 'BackupPart' });

export type BackupPartJson = z.output<typeof backupPart>;
