import { z } from 'zod';
import { changePart } from './change-shape.ts';
import { readHostAndSets } from './reading.ts';
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
Rules are not yet loaded again when the machine starts: run palisade apply --yes there.`,
  input: z.object({
    timeout: z.int().min(5).max(3600).default(60).describe('Seconds until it undoes itself').meta({ value: 'SECONDS' }),
    yes: z.boolean().default(false).describe('Confirm it at once, if everything is as it was to be'),
    backend: z.enum(['nft', 'legacy']).optional().describe('Which backend’s rules to write where both are empty'),
  }),
  output: changePart,
  streams: true,
  exits: {
    0: 'the change was confirmed, or there was nothing to do',
    2: 'the policy could not be read',
    3: 'the rules could not be read',
    4: 'the change was refused, or undone; the host is as it was',
  },
  examples: [
    { command: 'palisade apply', says: 'make the change, and wait for palisade confirm' },
    { command: 'palisade apply --yes', says: 'for automation: confirm it at once' },
  ],
  async run(context, input) {
    const { planFor, readPolicyFile } = await import('./policy-file.ts');
    const policy = await readPolicyFile(context);
    if (!policy.ok) return { kind: 'invalid', problems: policy.problems };
    const { root, why } = await context.kernel.rights();
    if (!root)
      return {
        kind: 'unread',
        problems: [{ code: 'unread', message: `the firewall may not be changed: ${why}`, hint: 'run palisade as root' }],
      };
    const read = await readHostAndSets(context, { ruleset: [], backend: input.backend });
    if (!read.ok) return { kind: 'invalid', problems: read.problems };
    const planned = planFor(policy.value, read.value);
    if (!planned.known) return { kind: 'unread', problems: [{ code: 'unread', message: planned.why, hint: planned.remedy }] };
    const { reportOf } = await import('./planning.ts');
    const { refusals, sets } = reportOf(context, read.value, planned.value, 1);
    const changed = sets.changed.map((name) => ({
      why: `somebody changed the set ${name}`,
      remedy: `run \`ipset destroy ${name}\` once nothing asks it`,
    }));
    const problems = [...refusals, ...changed].map(({ why: message, remedy: hint }) => ({
      code: 'plan-refused' as const,
      message,
      hint,
    }));
    if (problems.length > 0) return { kind: 'unchanged', problems };
    const { carryOut } = await import('./changing/index.ts');
    const making = { seconds: input.timeout, yes: input.yes, backend: input.backend, policy: context.policyFile };
    return await carryOut(context, read.value, planned.value.after.host, planned.value.compiled, making);
  },
});
