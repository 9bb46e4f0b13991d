import { z } from 'zod';
import { journalPart } from './journal-shape.ts';
import { verb } from './verb.ts';

export const journal = verb({
  name: 'journal',
  group: 'keep',
  summary: 'what was done to the firewall, when and by whom',
  description: `\`palisade journal show\` lists every change that palisade made, gave up or noticed: who did it, by which policy, with which snapshots
before and after, and what was read back; also what was undone or restored while palisade did not run.
\`palisade journal verify\` says whether all lines are as they were written. Each holds the SHA-256 of the one before, and a file beside
them says how many there were and which was the last, so that a line that was changed, put in, taken out or cut off shows. A palisade that
finds lines at the end gone says so in the next line, and verify repeats it from then on.
Whoever is root can write all of that anew. Against him there are checkpoints: \`palisade journal keygen\` prints a public key, to be kept
on another machine, and \`palisade journal checkpoint\` signs the journal as it stands with a key that is destroyed at once; each names
the key of the next. \`palisade journal verify --key FILE\` then finds any change of what was sealed before somebody became root, and
checkpoints that were taken away. It does not find that he changed lines since the last checkpoint, which are counted; that a disk, a file system
or a backup kept an old private key, and he found it; or that he put back journal, checkpoints and key as they were together at an earlier time.
The last shows where the digest that \`checkpoint\` prints is kept elsewhere and given to \`verify --has\`.
Where what is gone has been looked into, move journal.jsonl, journal.head and what is called checkpoint in the state folder elsewhere: palisade
begins anew.`,
  input: z.object({
    what: z
      .enum(['show', 'verify', 'checkpoint', 'keygen'])
      .default('show')
      .describe('List the entries, check them, seal them, or make the key for that')
      .meta({ value: 'WHAT', positional: true }),
    last: z.int().min(1).optional().describe('show: only so many, the latest').meta({ value: 'N' }),
    key: z
      .string()
      .optional()
      .describe('verify: the public key of the first checkpoint, or a file that holds it')
      .meta({ value: 'KEY', path: true }),
    has: z
      .string()
      .regex(/^[0-9a-f]{64}$/, { error: 'write a digest as journal prints it, 64 hexadecimal digits' })
      .optional()
      .describe('verify: the digest of a line or a checkpoint that was there once, and must be')
      .meta({ value: 'DIGEST' }),
  }),
  output: journalPart,
  streams: true,
  exits: {
    0: 'said; all is as it was written',
    1: 'something was changed, put in, taken out or cut off, or nobody can tell',
    2: 'the command line or the key could not be read',
    3: 'it could not be read',
    4: 'no key or checkpoint was made',
  },
  examples: [
    { command: 'palisade journal show --last 5', says: 'the five latest entries' },
    { command: 'palisade journal verify', says: 'whether the journal is as it was written' },
    { command: 'palisade journal keygen', says: 'begin with checkpoints: print the key to keep elsewhere' },
    { command: 'palisade journal checkpoint', says: 'seal the journal as it stands' },
  ],
  async run(context, input) {
    const { begin, read, seal } = await import('./journaling.ts');
    switch (input.what) {
      case 'keygen':
        return await begin(context);
      case 'checkpoint':
        return await seal(context);
      default:
        return await read(context, input);
    }
  },
});
