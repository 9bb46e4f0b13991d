import { z } from 'zod';
import { bansReport } from './bans-shape.ts';
import { verb } from './verb.ts';

export const bans = verb({
  name: 'bans',
  group: 'watch',
  summary: 'who is shut out, by whom, why, and until when',
  description: `Lists bans with what the kernel’s sets hold, and the packets that were dropped for each. By itself nobody is shut out: bans.action in the
configuration says whether attacks shut their source out (on), or it is only said whom they would (say); palisade simulate tells the same of past logs.
A source is shut out for fifteen minutes, then an hour, six, a day, a week; where all of the evidence may be forged, for ten minutes whatever it did before.`,
  input: z.object({ past: z.boolean().default(false).describe('Also those that are over') }),
  output: bansReport,
  streams: false,
  exits: { 0: 'the list was read' },
  examples: [{ command: 'palisade bans --past', says: 'who is, and who was' }],
  async run(context, input) {
    const { listBans } = await import('./banning/index.ts');
    return await listBans(context, input);
  },
});
