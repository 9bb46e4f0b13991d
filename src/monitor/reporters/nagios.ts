import { z } from 'zod';
import { commandLine, objectName, serviceName, writeToPipe, writeToSpool } from '../nagios/index.ts';
import type { Reporter } from './reporter.ts';
import { reportable, rounds } from './rounds.ts';

const settings = z.strictObject({
  'command-file': z
    .string()
    .min(1)
    .default('/var/lib/nagios4/rw/nagios.cmd')
    .describe('The pipe that Nagios takes commands from.'),
  spool: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The folder that Nagios takes files of results from (check_result_path), instead of the pipe: for results of any length.',
    ),
  host: z.string().min(1).optional().describe('This host as Nagios knows it; its own name unless said.'),
  prefix: z.string().default('palisade-').describe('What stands before the mode in the name of a service.'),
  modes: z
    .array(z.enum(reportable as [string, ...string[]]))
    .default([...reportable])
    .describe('What is reported.'),
  every: z.int().min(5).max(3600).default(60).describe('Everything is reported once in so many seconds, and changes at once.'),
});

/** Passive results for Nagios on the same machine. */
export const nagios: Reporter<typeof settings> = {
  name: 'nagios',
  summary: 'passive results into the command file of Nagios',
  settings,
  async run({ 'command-file': pipe, spool, host, prefix, modes, every }, context, signal) {
    const name = objectName(host ?? context.host);
    await rounds({ modes, everyMs: every * 1000 }, context, signal, async (due) => {
      const at = context.clock.now() / 1000;
      const results = due.map(({ mode, exit, judged }) => ({
        host: name,
        service: serviceName(prefix, mode),
        exit,
        text: judged.text,
      }));
      const handed =
        spool === undefined
          ? await writeToPipe(
              pipe,
              results.map((result) => commandLine(result, at)),
            )
          : await writeToSpool(spool, results, at);
      return handed.ok ? null : `Nagios was not told: ${handed.why}; ${handed.hint}`;
    });
  },
};
