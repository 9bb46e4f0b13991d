import { z } from 'zod';
import { askedFields } from './asking/asked-fields.ts';
import { incidentPart } from './incidents-shape.ts';
import { verb } from './verb.ts';

export const incidents = verb({
  name: 'incidents',
  group: 'watch',
  summary: 'attacks that were seen: list them, show one with its evidence, acknowledge or silence it',
  description: `Lists incidents, latest first: who did what to whom, since when, and whether it goes on. They are kept for a year.
\`palisade incidents show ID\` adds why it is one, what to do about it, whose sources are in it, and its first and last lines as they were logged.
\`palisade incidents ack ID\` notes that you have seen it, and \`palisade incidents silence ID --for 2h\` that nobody is to be told of it for a
while. Both may be said while palisade watches. An ID may be cut short, as long as no other begins so.`,
  input: z.object({
    what: z
      .enum(['list', 'show', 'ack', 'silence'])
      .default('list')
      .describe('List them, show one, or say something of one')
      .meta({ value: 'WHAT', positional: true }),
    id: z.string().optional().describe('Which incident').meta({ value: 'ID', positional: true }),
    open: z.boolean().default(false).describe('list: only those that go on'),
    since: askedFields.since,
    detector: z.string().optional().describe('list: only what this detector saw').meta({ value: 'NAME' }),
    source: askedFields.source,
    most: z.int().min(1).max(1_000_000).default(100).describe('list: so many at most').meta({ value: 'N' }),
    for: z
      .string()
      .regex(/^[1-9]\d{0,4}[smhdw]$/, { error: 'write a time such as 30m, 2h or 7d' })
      .default('1h')
      .describe('silence: how long')
      .meta({ value: 'TIME' }),
    format: askedFields.format,
  }),
  output: incidentPart,
  streams: true,
  exits: {
    0: 'said; list: whether there were any or not',
    2: 'a flag could not be read, or there is no such incident',
    3: 'nothing was kept yet, or it cannot be read',
    4: 'it could not be noted',
  },
  examples: [
    { command: 'palisade incidents --open', says: 'what goes on now' },
    { command: 'palisade incidents --since 7d --source 203.0.113.0/24', says: 'what somebody has done' },
    { command: 'palisade incidents show vertical-scan-9k', says: 'one, with its evidence' },
    { command: 'palisade incidents silence vertical-scan-9k --for 2h', says: 'leave me alone with it' },
  ],
  async run(context, input) {
    const { askIncidents } = await import('./asking/index.ts');
    return await askIncidents(context, input);
  },
});
