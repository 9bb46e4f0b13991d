import { z } from 'zod';
import { journalPart } from './journal-shape.ts';
import { verb } from './verb.ts';

export const journal = verb({
  name: 'journal',
  group: 'keep',
  summary: 'what was done to the firewall, when and by whom',
  description: `\`palisade journal show\` lists every change that palisade made or gave up: who did it, by which policy, and what was read back;
also what was undone or restored while palisade did not run. \`palisade journal verify\` says whether all lines are as they were written: each
holds the SHA-256 of the one before. Lines that are cut off at the end leave no trace in the file: whoever must know keeps the digest of the
last one elsewhere.`,
  input: z.object({
    what: z
      .enum(['show', 'verify'])
      .default('show')
      .describe('List the entries, or check them')
      .meta({ value: 'WHAT', positional: true }),
    last: z.int().min(1).optional().describe('Only so many, the latest').meta({ value: 'N' }),
  }),
  output: journalPart,
  streams: true,
  exits: {
    0: 'said; every line follows from the one before',
    1: 'some line was changed, taken out or put in',
    3: 'it could not be read',
  },
  examples: [
    { command: 'palisade journal show --last 5', says: 'the five latest entries' },
    { command: 'palisade journal verify', says: 'whether the journal is as it was written' },
  ],
  async run(context, input) {
    const { journalFile, readJournal, takeWordsAlone } = await import('../change/index.ts');
    let read: ReturnType<typeof readJournal>;
    try {
      takeWordsAlone(context.stateFolder);
      read = readJournal(context.stateFolder);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['EACCES', 'ENOTDIR', 'EISDIR'].includes(code)) throw error;
      const message = `${journalFile(context.stateFolder)} could not be read (${code})`;
      return {
        kind: 'unread',
        problems: [{ code: 'unread', message, hint: 'run palisade as root, or name the folder with --state' }],
      };
    }
    const { entries, last, broken, torn } = read;
    if (input.what === 'show')
      for (const entry of entries.slice(-(input.last ?? entries.length)))
        await context.part({ ...entry, kind: 'entry', at: entry.at / 1000 });
    if (input.what === 'verify' || broken !== null)
      await context.part({ kind: 'verified', entries: entries.length, last, broken, torn });
    return { kind: broken === null ? 'done' : 'found', value: null };
  },
});
