import { z } from 'zod';
import { integrateReport } from './integrate-shape.ts';
import { verb } from './verb.ts';

const integrateInput = z.object({
  name: z
    .string()
    .optional()
    .describe('Which system; without it, those that there are')
    .meta({ value: 'NAME', positional: true }),
  set: z
    .array(z.string())
    .default([])
    .describe('What the system is to be told, as palisade integrate lists it')
    .meta({ value: 'KEY=VALUE' }),
  write: z.string().optional().describe('Write the files into this folder').meta({ value: 'DIR', path: true }),
  apply: z.boolean().default(false).describe('Put them at their places on this machine, and have the other side look at them'),
  test: z.boolean().default(false).describe('Send an event over there, and wait until it shows up'),
  force: z.boolean().default(false).describe('--apply: also over files that somebody else has changed'),
  wait: z.number().min(1).max(3600).default(90).describe('--test: so long').meta({ value: 'SECONDS' }),
  host: z
    .string()
    .optional()
    .describe('This host as the other side is to know it (default: its own name)')
    .meta({ value: 'NAME' }),
  socket: z.string().optional().describe('Where the state of the host is published').meta({ value: 'FILE', path: true }),
});

export type IntegrateInput = z.output<typeof integrateInput>;

export const integrate = verb({
  name: 'integrate',
  group: 'connect',
  summary: 'join palisade to the monitoring that is there: its configuration written, checked and tried',
  description: `Makes what the other system needs to know of this host: its configuration, and what palisade’s own has to say. Alone it
prints each file beside what is there. --write puts the files into a folder, each below the path where it belongs. --apply puts those that belong on
this machine at their places, keeps what stood there, has the other system’s own checker look at it, and puts everything back if that refuses;
files that somebody has changed since palisade wrote them stay as they are without --force. --test sends a marked event and waits until it shows
up over there.

palisade integrate lists the systems and what each can be told with --set. What stands under reports.NAME in config.yaml counts as told.`,
  input: integrateInput,
  output: integrateReport,
  streams: false,
  exits: {
    0: 'done; alone: what is there is as it would be written',
    1: 'alone: something is missing there or differs; --test: the event did not show up in time',
    2: 'no system is named so, it cannot be told that, or a file could not be written',
    3: 'the other side could not be asked, or nothing is published here',
    4: 'nothing was changed: its checker refuses the files, or somebody else has changed them',
  },
  examples: [
    { command: 'palisade integrate', says: 'which systems are there, and what can each be told?' },
    { command: 'palisade integrate nagios', says: 'what would be written, and what differs?' },
    { command: 'palisade integrate icinga --write /tmp/icinga', says: 'the files, to take over to the server' },
    { command: 'sudo palisade integrate nrpe --apply', says: 'let NRPE on this host call palisade check' },
    { command: 'sudo palisade integrate nagios --test', says: 'does what is sent show up there?' },
  ],
  async run(context, input) {
    const { joined } = await import('./integrating/joining.ts');
    return await joined(context, input);
  },
});
