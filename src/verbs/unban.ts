import { z } from 'zod';
import { bansReport } from './bans-shape.ts';
import { verb } from './verb.ts';

export const unban = verb({
  name: 'unban',
  group: 'watch',
  summary: 'let an address or a network in again before its time',
  description: 'Takes a ban back, whoever made it. What the source did before counts no more; what it does from now on does.',
  input: z.object({
    network: z
      .string()
      .optional()
      .describe('An address or a network, as palisade bans lists it')
      .meta({ value: 'ADDRESS', positional: true }),
    all: z.boolean().default(false).describe('All who are shut out'),
  }),
  output: bansReport,
  streams: false,
  exits: {
    0: 'it is let in',
    2: 'the address could not be read',
    3: 'only root may do so',
    4: 'it was not shut out by itself',
  },
  examples: [{ command: 'palisade unban 198.51.100.7', says: 'it was a mistake' }],
  async run(context, input) {
    const { unbanNetwork } = await import('./banning/index.ts');
    return await unbanNetwork(context, input);
  },
});
