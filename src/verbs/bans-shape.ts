import { z } from 'zod';
import { banShape } from './incident-shape.ts';

const record = banShape
  .extend({
    lifted: z.object({ by: z.string(), at: z.number() }).nullable().describe('Taken back before its time.'),
    isLive: z.boolean().describe('It holds now.'),
    inKernel: z.boolean().nullable().describe('The kernel’s set holds it; null: that could not be read.'),
    dropped: z.int().nullable().describe('Packets of it that were dropped since it was put in; null: not known.'),
  })
  .meta({ id: 'BanRecord' });

export type BanRecordJson = z.output<typeof record>;

/** What `bans --json`, `ban --json` and `unban --json` print. */
export const bansReport = z
  .object({
    action: z.enum(['off', 'say', 'on']).describe('What is done with the source of an attack by itself.'),
    bans: z.array(record).describe('Newest first.'),
    listed: z.int().nullable().describe('Networks that lists of others have shut out.'),
    said: z.array(z.string()).describe('What was done, and what there is to know of it.'),
  })
  .meta({ id: 'BansReport' });

export type BansJson = z.output<typeof bansReport>;

/** What `explain-ban --json` prints. */
export const banExplained = z
  .object({
    address: z.string(),
    state: z.enum(['banned', 'listed', 'free']),
    why: z.string().describe('In a sentence: who shut it out and until when, or that nobody did.'),
    bans: z.array(record).describe('Its bans, newest first, also those that are over.'),
    incidents: z.array(
      z.object({
        id: z.string(),
        title: z.string(),
        spoofable: z.boolean(),
        trusted: z.boolean(),
        evidence: z.array(z.string()),
      }),
    ),
    never: z.string().nullable().describe('Why it is never shut out; null: it can be.'),
    keeps: z.array(z.string()).describe('What keeps it from being shut out, or would.'),
  })
  .meta({ id: 'BanExplained' });

export type BanExplainedJson = z.output<typeof banExplained>;
