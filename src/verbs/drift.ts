import { z } from 'zod';
import { driftPart } from './drift-shape.ts';
import { verb } from './verb.ts';

export const drift = verb({
  name: 'drift',
  group: 'keep',
  summary: 'what somebody changed since it was accepted, which packets that means, and what the next start brings',
  description: `Compares the firewall as it is with the snapshot of when it was last accepted: by palisade confirm, or palisade change commit. Rules,
chains and policies of both families and backends, sets and who is in them, and tables of nft beside them: each change with whose it is, and
together with the packets that are treated differently. Counters are no change. What Docker, Kubernetes, libvirt, fail2ban and their like
change of their own is listed, and is no drift; nor is what palisade open lets in for a while.
Then it says for each family what the next start of the machine brings beside what is in force, by what it does to packets: rules that
netfilter-persistent or another service loads, and what palisade boot-restore brings back.
--watch stays and says each change as it happens, within two seconds for rules (three where there are 5,000 of them) and within a minute for members of sets: which packets that means,
whose rule it was and who did it where the kernel tells. It keeps a snapshot and an entry in the journal of each.
Nothing is changed without --repair. In config.yaml, drift: { action: restore } lets the daemon put palisade's own back, and remove-foreign: true take rules of
others away that let in what the policy keeps out.`,
  input: z.object({
    since: z
      .string()
      .optional()
      .describe('Compare with this snapshot instead: an ID or the beginning of it, a tag, a time, or latest')
      .meta({ value: 'NAME' }),
    watch: z.boolean().default(false).describe('Say what somebody changes as it happens, until Ctrl-C'),
    repair: z
      .boolean()
      .default(false)
      .describe('--watch: put back what is palisade’s own, as drift: { action: restore } in config.yaml'),
    removeForeign: z
      .boolean()
      .default(false)
      .describe('--repair: also take rules of others out of built-in chains that let in what was kept out'),
    boot: z.boolean().default(true).describe('Say what the next start of the machine brings'),
    most: z.int().min(1).max(10_000).default(10).describe('So many kinds of packets of each way').meta({ value: 'NUMBER' }),
  }),
  output: driftPart,
  streams: true,
  exits: {
    0: 'the firewall is as it was accepted, and stays so when the machine starts anew',
    1: 'something was changed, or the next start brings something else',
    2: 'no snapshot is named so, or it is damaged',
    3: 'nothing was found, but something could not be read or decided, or nothing was accepted yet',
  },
  examples: [
    { command: 'palisade drift', says: 'is the firewall as it was confirmed?' },
    { command: 'palisade drift --since before-upgrade --no-boot', says: 'what was changed since that snapshot?' },
    { command: 'palisade drift --json | jq -r ".says[]?"', says: 'in sentences, for a script' },
  ],
  async run(context, input) {
    if ((input.repair && !input.watch) || (input.removeForeign && !input.repair)) {
      const [flag, other] = input.removeForeign && !input.repair ? ['--remove-foreign', '--repair'] : ['--repair', '--watch'];
      return {
        kind: 'invalid',
        problems: [{ code: 'usage', message: `${flag} goes with ${other}`, hint: `add ${other}, or leave ${flag} out` }],
      };
    }
    if (input.watch) {
      const { follow } = await import('./drifting/following.ts');
      return await follow(context, input);
    }
    const { look } = await import('./drifting/said.ts');
    return await look(context, input);
  },
});
