import { z } from 'zod';

/** Flags that several questions have. */
export const askedFields = {
  since: z
    .string()
    .optional()
    .describe('Since when: 90s, 2h, 7d ago, or a time such as 2026-11-30T10:00')
    .meta({ value: 'TIME' }),
  until: z.string().optional().describe('Until when').meta({ value: 'TIME' }),
  source: z.string().optional().describe('Only from this address or network').meta({ value: 'ADDRESS' }),
  format: z.enum(['text', 'csv']).default('text').describe('How to write it; csv is for spreadsheets'),
};

export const lossesShape = z
  .array(z.object({ source: z.string(), count: z.int(), of: z.string() }))
  .describe('What was logged in this time and could not be read or kept.');
