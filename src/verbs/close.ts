import { z } from 'zod';
import { openReport } from './open-shape.ts';
import { verb } from './verb.ts';

export const close = verb({
  name: 'close',
  group: 'change',
  summary: 'end what palisade open has let in before its time',
  description: `Takes away what was opened for a while. Connections that were made meanwhile go on; end them by themselves if you must. What the
policy lets in stays as it is.`,
  input: z.object({
    service: z
      .string()
      .optional()
      .describe('The service as it was opened; left out: all of them')
      .meta({ value: 'SERVICE', positional: true }),
    from: z.string().optional().describe('Only for these, in the words in which it was opened').meta({ value: 'ADDRESS' }),
    backend: z.enum(['nft', 'legacy']).optional().describe('Which backend’s rules to write where both are empty'),
  }),
  output: openReport,
  streams: false,
  exits: {
    0: 'it is closed',
    3: 'the rules could not be read',
    4: 'nothing of the kind was open, or the rules could not be written',
  },
  examples: [
    { command: 'palisade close ssh', says: 'whoever it was opened for' },
    { command: 'palisade close', says: 'everything that was opened for a while' },
  ],
  async run(context, input) {
    const { closeAll } = await import('./opening.ts');
    return await closeAll(context, input);
  },
});
