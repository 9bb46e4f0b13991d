import { z } from 'zod';

/** What `open --json` and `close --json` print. */
export const openReport = z
  .object({
    open: z
      .array(
        z.object({
          family: z.union([z.literal(4), z.literal(6)]),
          service: z.string(),
          from: z.string(),
          until: z.number().describe('Epoch seconds; the kernel lets nothing in from then on.'),
        }),
      )
      .describe('What is open for a while now.'),
    closed: z.int().describe('Openings that were ended by this.'),
  })
  .meta({ id: 'OpenReport' });

export type OpenJson = z.output<typeof openReport>;
