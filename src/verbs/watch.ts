import { z } from 'zod';
import { verb } from './verb.ts';
import { watchPart } from './watch-shape.ts';

const watchInput = z.object({
  once: z.boolean().default(false).describe('Show how it stands now, and end'),
  filter: z.string().optional().describe('Show only what has to do with an address or a network').meta({ value: 'ADDRESS' }),
});

export type WatchInput = z.output<typeof watchInput>;

export const watch = verb({
  name: 'watch',
  group: 'watch',
  summary: 'live: what the firewall keeps out, who is at it, incidents and bans',
  description: `Shows what the kernel logs as it happens: how much, from where, to which ports; the incidents that are seen in it, and who is shut out.
On a terminal it is a screen that is drawn anew every second, whose keys stand at its bottom; elsewhere it prints a line for each incident, ban, loss and
second in which something came, and with --json the same as objects.
Where palisade up watches this host, it shows what that one remembers. Where nobody does, it watches itself until it is ended, for which it needs root,
and remembers what it sees in the state folder as palisade up does. Without root it shows what was remembered, if it may read that.
Only packets that a rule with LOG or NFLOG has met can be seen: "log:" in the policy makes such rules. Which sources are read,
"watch: { sources: … }" of config.yaml says.`,
  input: watchInput,
  output: watchPart,
  streams: true,
  exits: {
    0: 'ended by q, by Ctrl-C, or after --once',
    2: 'a flag could not be read',
    3: 'nobody watches here, and neither may this command, and nothing was remembered that could be shown',
  },
  examples: [
    { command: 'sudo palisade watch', says: 'look at what happens; q ends it' },
    { command: 'sudo palisade watch --once', says: 'print how it stands' },
    { command: 'sudo palisade watch --json', says: 'follow it with a program, an object a line' },
  ],
  async run(context, input) {
    const { watchLive } = await import('./watching/live.ts');
    return await watchLive(context, input);
  },
});
