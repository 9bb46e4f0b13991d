import { z } from 'zod';
import { changePart } from './change-shape.ts';
import { verb } from './verb.ts';

export const apply = verb({
  name: 'apply',
  group: 'change',
  summary: 'make the firewall what the policy says; it undoes itself unless it is confirmed',
  description: `Plans the policy, refuses what would lock out whoever manages this host now or fails the policy's own tests, rehearses the
rules in a throw-away namespace, and then writes them, table by table, in an order in which no packet passes that neither the old nor the
new rules let through. Whoever stands ready to undo it is started first: a small shell script that outlives palisade, the shell and the
session. It undoes the change after --timeout seconds unless \`palisade confirm\` is run, best from a new connection; and at once if
palisade dies in the middle of it. Rules of other programs stay where they are, also those that they add meanwhile.
Connections over which the host is managed now go on, however long they stay idle: the kernel's connection tracking is told of them first.
Rules come back when the machine starts once \`palisade boot-restore --install\` was run.`,
  input: z.object({
    plan: z
      .string()
      .optional()
      .describe('Make what palisade plan --out FILE kept, if the host is still as it was then')
      .meta({ value: 'PLAN', path: true, positional: true }),
    timeout: z.int().min(5).max(3600).default(60).describe('Seconds until it undoes itself').meta({ value: 'SECONDS' }),
    yes: z.boolean().default(false).describe('Confirm it at once, if everything is as it was to be'),
    confirmByReconnect: z
      .boolean()
      .default(false)
      .describe('Confirm it once somebody has connected anew from the address from which you are connected'),
    dryRun: z.boolean().default(false).describe('Only say what would be done, as palisade plan does'),
    backend: z.enum(['nft', 'legacy']).optional().describe('Which backend’s rules to write where both are empty'),
  }),
  output: changePart,
  streams: true,
  exits: {
    0: 'the change was confirmed, or there was nothing to do',
    1: 'with --dry-run: there is something to do, or something that would be refused',
    2: 'the policy or the plan could not be read',
    3: 'the rules could not be read',
    4: 'the change was refused, or undone; the host is as it was',
  },
  examples: [
    { command: 'palisade apply', says: 'make the change, and wait for palisade confirm' },
    { command: 'palisade apply --yes', says: 'for automation: confirm it at once' },
    { command: 'palisade apply --confirm-by-reconnect', says: 'keep it as soon as you have come in again' },
    { command: 'palisade apply plan.json', says: 'make what was planned and looked at before' },
  ],
  async run(context, input) {
    // Programs print while what plans a change is loaded.
    const { firstLook } = await import('./planning/looked-at.ts');
    const look = firstLook(context);
    const { applyPolicy } = await import('./applying.ts');
    return await applyPolicy(context, input, look);
  },
});
