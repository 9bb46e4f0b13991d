import { z } from 'zod';
import { adoptReport } from './adopt-shape.ts';
import { readHostAndSets, readingInput } from './reading.ts';
import { verb } from './verb.ts';

export const adopt = verb({
  name: 'adopt',
  group: 'change',
  summary: 'write the rules that are there as a policy, proved to do the same to every packet',
  description: `Turns the administrator's rules, also ufw's and those of firewalld's iptables backend, into a policy file: rules in its own words
where it has them, and lines of iptables where it has none. Before anything is written, both are compared for every packet of both
families, on all three ways, with what is translated and marked; if one differs, or that cannot be told, nothing is written.
Rules of Docker, fail2ban and others who keep their own stay theirs. Chains become groups, or their rules stand in place of the
jump. Rules that no packet meets are left out, and counted. The firewall is not changed: what to do next is said.`,
  input: z.object({
    ...readingInput,
    output: z
      .string()
      .optional()
      .describe('Write the policy here instead of where --policy says; - is standard output')
      .meta({ value: 'FILE', path: true }),
    removal: z
      .string()
      .optional()
      .describe('Write a script too that takes the adopted rules away, for when the policy is applied')
      .meta({ value: 'FILE', path: true }),
    force: z.boolean().default(false).describe('Write over files that are there'),
  }),
  output: adoptReport,
  streams: false,
  exits: {
    0: 'the policy is written, and proved to do the same',
    2: 'a file or flag could not be read, or a file not be written',
    3: 'the rules could not be read',
    4: 'nothing was written: a file is there, or the policy would not do the same, or nobody can tell',
  },
  examples: [
    { command: 'palisade adopt --output policy.yaml', says: 'this host’s rules as a policy' },
    {
      command: 'palisade adopt --ruleset rules.v4 --ruleset rules.v6 --output - --json',
      says: 'rules of files, with what became of each',
    },
  ],
  async run(context, input) {
    const { adoptInto } = await import('./adopt-into.ts');
    const read = await readHostAndSets(context, input);
    if (!read.ok) return { kind: 'invalid', problems: read.problems };
    return adoptInto(context, input, read.value);
  },
});
