import { z } from 'zod';
import { simulatePart } from './simulate-shape.ts';
import { verb } from './verb.ts';

export const simulate = verb({
  name: 'simulate',
  group: 'watch',
  summary: 'what the detectors would have said and banned on past logs',
  description: `Runs logs through the detectors as if their packets came now, on the clock of the events: says each incident when it is over,
each ban that would have followed, and what could not be read. It touches nothing, keeps nothing and needs no rights but to read the files.
A file is a log of the kernel's in any form: syslog with or without a year, dmesg, journalctl -o json or -o short-iso, ulogd; compressed ones
(.gz, .zst, .xz) too. Several, such as a log and those rotated before, or the kernel's beside the journal, are read as one, in the order of their
times. Lines without a year are of the latest one that they can be of, in this machine's time zone, and those of dmesg of its present start.
Anybody who may write into a log file may accuse whom they like there. So a file, also one of the journal's, raises incidents, and bans nobody
but with --trust-files. Bans that would have been are said; packets that they would have kept out are in the log all the same, and count.
--facts says whose log it is: then the host's own addresses, its gateways and networks are known, and never shut out.`,
  input: z.object({
    files: z
      .array(z.string())
      .min(1, { error: 'name a log file; - is standard input' })
      .describe('Logs; - is standard input')
      .meta({ value: 'FILE', path: true, positional: true }),
    trustFiles: z.boolean().default(false).describe('Nobody else could write into these files: they may ban'),
    never: z
      .array(z.string())
      .default([])
      .describe('Never ban these addresses and networks, several with commas')
      .meta({ value: 'ADDRESS' }),
    since: z
      .string()
      .optional()
      .describe('Only what was logged since then: 2h, 7d, or a time such as 2026-11-22T08:00')
      .meta({ value: 'TIME' }),
    facts: z
      .string()
      .optional()
      .describe('Read links, addresses and routes of the host as JSON')
      .meta({ value: 'FILE', path: true }),
  }),
  output: simulatePart,
  streams: true,
  exits: {
    0: 'no incident',
    1: 'there were incidents',
    2: 'a file or flag could not be read',
  },
  examples: [
    { command: 'palisade simulate /var/log/kern.log', says: 'what would have been an incident?' },
    {
      command: 'palisade simulate /var/log/kern.log.*.gz /var/log/kern.log --trust-files --never 203.0.113.0/24',
      says: 'and who would have been shut out, in all that is left?',
    },
    { command: 'journalctl -o json --since -2d | palisade simulate - --json', says: 'with failed logins, for a program' },
  ],
  async run(context, input) {
    const { simulateLogs } = await import('./simulating/index.ts');
    return await simulateLogs(context, input);
  },
});
