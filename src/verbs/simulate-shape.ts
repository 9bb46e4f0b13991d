import { z } from 'zod';
import { banShape, incidentShape } from './incident-shape.ts';

/** What was read, and what came of it: the last that is said. */
const summary = z.object({
  kind: z.literal('summary'),
  files: z.array(
    z.object({
      file: z.string(),
      form: z
        .string()
        .nullable()
        .describe('How its lines are written, such as syslog or journald JSON; null: in none that is known.'),
      events: z.int(),
      passed: z.int().describe('Lines that hold no event.'),
    }),
  ),
  events: z.int().describe('Events that the detectors were shown.'),
  passed: z.int(),
  before: z.int().describe('Events of before --since, and such as say no time.'),
  from: z.number().nullable().describe('Epoch seconds of the first and the last event; null: there was none.'),
  to: z.number().nullable(),
  incidents: z.int(),
  bans: z.int(),
  banned: z.int().describe('Sources that would be shut out, each counted once.'),
  trusted: z.boolean().describe('Files were taken for true (--trust-files); if not, they ban nobody.'),
  detectors: z
    .array(z.object({ detector: z.string(), incidents: z.int(), events: z.int() }))
    .describe('Those that saw something, most incidents first.'),
  unfollowed: z.int().describe('Events of sources that were not followed one by one, since too many new ones came at once.'),
});

export const simulatePart = z
  .discriminatedUnion('kind', [
    incidentShape.extend({ opened: z.number().describe('Epoch seconds of the event at which it was seen.') }),
    banShape,
    summary,
  ])
  .meta({ id: 'SimulatePart' });

export type SimulatePartJson = z.output<typeof simulatePart>;
