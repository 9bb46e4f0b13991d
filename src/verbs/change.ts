import { z } from 'zod';
import { announcePart } from './announce-shape.ts';
import { verb } from './verb.ts';

export const change = verb({
  name: 'change',
  group: 'keep',
  summary: 'announce a change of the firewall by hand, and accept what stands when it is done',
  description: `\`palisade change begin\` says that you are about to change rules by hand: for that long drift is said as announced, and nothing is put
back. \`palisade change commit\` takes the firewall as it then stands for what it is to be: a snapshot is kept, and drift is told by that one.
\`palisade change end\` ends it without accepting anything. An announcement ends by itself, also where somebody sets the clock back, and when the
machine starts anew. Palisade's own changes, open and close need none.`,
  input: z.object({
    what: z
      .enum(['show', 'begin', 'commit', 'end'])
      .default('show')
      .describe('What to do')
      .meta({ value: 'WHAT', positional: true }),
    for: z
      .string()
      .regex(/^[1-9]\d{0,4}[smhd]$/, { error: 'write a time such as 30m, 1h or 2d' })
      .default('1h')
      .describe('begin: how long, up to 7d')
      .meta({ value: 'TIME' }),
    reason: z.string().min(1).max(500).optional().describe('begin: why, for the journal').meta({ value: 'TEXT' }),
  }),
  output: announcePart,
  streams: true,
  exits: {
    0: 'done',
    2: 'the command line could not be read',
    3: 'the firewall could not be read',
    4: 'nothing was announced or accepted',
  },
  examples: [
    { command: 'palisade change begin --for 2h --reason "new web server"', says: 'the next two hours are yours' },
    { command: 'palisade change commit', says: 'and so it stays' },
  ],
  async run(context, input) {
    const { announceOrAccept } = await import('./drifting/announced.ts');
    return await announceOrAccept(context, input);
  },
});
