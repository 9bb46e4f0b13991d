import { z } from 'zod';
import { incidentShape } from './incident-shape.ts';

/** What `incidents` says, one by one. */
export const incidentPart = incidentShape
  .extend({
    asked: z.enum(['list', 'show', 'ack', 'silence']).describe('What was asked for.'),
    acknowledged: z
      .object({ by: z.string(), at: z.number().describe('Epoch seconds.') })
      .nullable()
      .describe('Who has seen it.'),
    silencedUntil: z.number().nullable().describe('Until then nobody is told of it; epoch seconds.'),
  })
  .meta({ id: 'IncidentPart' });

export type IncidentPartJson = z.output<typeof incidentPart>;
