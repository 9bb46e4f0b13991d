import { z } from 'zod';
import { alertsPart } from './alerts-shape.ts';
import { verb } from './verb.ts';

export const alerts = verb({
  name: 'alerts',
  group: 'watch',
  summary: 'what people are told of incidents: what waits, what could not be delivered; try it again, or send a test',
  description: `Shows each channel of \`alerts\` in config.yaml and whether messages get through to it, and then messages: those that wait, those that were given
up (dead), and those that were delivered lately.
A message is tried again, ever more seldom, for \`give-up\` (three days), and then given up; one that its receiver will never take is given up at once.
\`palisade alerts retry ID\` (or \`all\`) has it tried again, and \`palisade alerts drop ID\` (or \`all\`) takes it away; all are those that were given up.
\`palisade alerts test CHANNEL\` sends a message that says that it is a test, and tells whether it was taken; without a name it does so for each channel.
palisade up sends them, by a process of its own.`,
  input: z.object({
    what: z
      .enum(['list', 'retry', 'drop', 'test'])
      .default('list')
      .describe('List them, try one again, take one away, or send a test')
      .meta({ value: 'WHAT', positional: true }),
    of: z.string().optional().describe('Which message, or all; test: which channel').meta({ value: 'ID', positional: true }),
    channel: z.string().optional().describe('list: only of this channel').meta({ value: 'NAME' }),
    most: z.int().min(0).max(100_000).default(20).describe('list: so many of each kind at most').meta({ value: 'N' }),
  }),
  output: alertsPart,
  streams: true,
  tells: true,
  exits: {
    0: 'said; test: each channel took it',
    1: 'test: a channel did not take it',
    2: 'a flag could not be read, or there is no such message or channel',
    3: 'nothing was sent yet, or it cannot be read',
    4: 'it could not be noted',
  },
  examples: [
    { command: 'palisade alerts', says: 'whether people are told' },
    { command: 'palisade alerts test mail', says: 'try a channel' },
    { command: 'palisade alerts retry all', says: 'the receiver is mended: send what was given up' },
  ],
  async run(context, input) {
    const { askAlerts } = await import('./alerting/asked.ts');
    return await askAlerts(context, input);
  },
});
