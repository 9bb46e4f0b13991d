import { z } from 'zod';
import { banExplained } from './bans-shape.ts';
import { verb } from './verb.ts';

export const explainBan = verb({
  name: 'explain-ban',
  group: 'watch',
  summary: 'why an address is shut out, or is not, with the lines that speak against it',
  description: `Says who shut an address out, when and until when, by which incidents with their first and last lines; or that nobody did, and what would keep it
from being shut out: who is never, what is too little, what anybody could have written or sent.`,
  input: z.object({ address: z.string().describe('An address or a network').meta({ value: 'ADDRESS', positional: true }) }),
  output: banExplained,
  streams: false,
  exits: {
    0: 'the answer is there',
    2: 'the address could not be read',
    3: 'it is not shut out, and whether it may be could not be read whole',
  },
  examples: [{ command: 'palisade explain-ban 198.51.100.7', says: 'what did it do?' }],
  async run(context, input) {
    const { explainBan: explain } = await import('./banning/index.ts');
    return await explain(context, input.address);
  },
});
