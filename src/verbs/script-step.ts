import { z } from 'zod';

/** One command of a script, as `show --script --json` prints it. */
export const scriptStep = z
  .object({
    line: z.int(),
    command: z.string(),
    about: z.enum(['rules', 'sets', 'other']).describe('sets: a command of ipset, which changes no ruleset.'),
    ok: z
      .boolean()
      .nullable()
      .describe('Whether iptables would do it; null when it is no call of iptables, does not run, or is not understood.'),
    outcome: z
      .enum(['done', 'failed', 'passed-over', 'skipped', 'not-understood'])
      .describe(
        'failed: iptables would refuse it. passed-over: it is not about rules. skipped: what stands before it keeps it from running. ' +
          'not-understood: only a running shell can tell, and the rules are shown as if it were not there.',
      ),
    expected: z.boolean().describe('Something in the script deals with the failure: ||, && or !.'),
    problem: z.object({ message: z.string(), hint: z.string() }).optional(),
    rules: z.object({ 4: z.int(), 6: z.int() }).describe('How many rules each family then holds.'),
  })
  .meta({ id: 'ScriptStep' });

export type ScriptStepJson = z.output<typeof scriptStep>;
