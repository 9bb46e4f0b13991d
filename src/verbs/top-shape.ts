import { z } from 'zod';
import { lossesShape } from './asking/asked-fields.ts';

const whoseShape = z.object({
  country: z.string().nullable().describe('Where the address is registered: two letters. null: nowhere, or not known.'),
  as: z.int().nullable().describe('The autonomous system that announces it.'),
  name: z.string().nullable().describe('Of that system’s owner.'),
});

export type WhoseJson = z.output<typeof whoseShape>;

/** What `top` says. */
export const topReport = z
  .object({
    by: z.enum(['source', 'network', 'port', 'target', 'prefix', 'country', 'as']),
    since: z.number().describe('Epoch seconds.'),
    until: z.number().nullable(),
    events: z.int().describe('All of that time.'),
    uncounted: z.int().describe('How many of them are of those that had too few at a time to be counted one by one.'),
    uncountedMost: z.int().describe('None of those had more in all: rows with more are in their right place.'),
    rows: z
      .array(
        z.object({
          what: z.string().describe('An address, a network, `22/tcp`, `icmp 8`, a prefix, a country’s two letters, `AS64500`.'),
          events: z.int(),
          first: z.number().describe('Epoch seconds, within that time.'),
          last: z.number(),
          whose: whoseShape.optional(),
        }),
      )
      .describe('Most events first.'),
    data: z
      .array(z.object({ of: z.string(), asOf: z.string().describe('A day.'), source: z.string() }))
      .describe('Of when what is said of countries and systems is, and who says it.'),
    lost: lossesShape,
  })
  .meta({ id: 'TopReport' });

export type TopJson = z.output<typeof topReport>;
