import { z } from 'zod';
import { openReport } from './open-shape.ts';
import { verb } from './verb.ts';

export const open = verb({
  name: 'open',
  group: 'change',
  summary: 'let a service in for a while, beside the policy; the kernel closes it again',
  description: `Lets new connections to a service in, from one address or network, until a moment that stands in the rules themselves: the kernel
closes it, whatever becomes of palisade and of the machine. It stands in a chain of its own before the policy and behind those who ban,
is no part of the policy, and is never saved. Connections that were made meanwhile go on.
Without a service it lists what is open.`,
  input: z.object({
    service: z
      .string()
      .optional()
      .describe('A service such as ssh or 8443/tcp; left out: list what is open')
      .meta({ value: 'SERVICE', positional: true }),
    from: z
      .string()
      .default('me')
      .describe('Whom: an address, a network, anyone, or me: where you are connected from')
      .meta({ value: 'ADDRESS' }),
    for: z
      .string()
      .regex(/^[1-9]\d{0,4}[smhd]$/, { error: 'write a time such as 30m, 1h or 2d' })
      .default('1h')
      .describe('How long, up to 7d')
      .meta({ value: 'TIME' }),
    backend: z.enum(['nft', 'legacy']).optional().describe('Which backend’s rules to write where both are empty'),
  }),
  output: openReport,
  streams: false,
  exits: {
    0: 'it is open, or the list was read',
    2: 'the service, the address or the time could not be read',
    3: 'the rules could not be read',
    4: 'it was refused; the host is as it was',
  },
  examples: [
    { command: 'palisade open ssh --from me --for 1h', says: 'let yourself in while you mend the policy' },
    { command: 'palisade open 8443/tcp --from 203.0.113.0/24 --for 2d', says: 'for those who test' },
    { command: 'palisade open', says: 'what is open now?' },
  ],
  async run(context, input) {
    const { listOpen, openFor } = await import('./opening.ts');
    return input.service === undefined
      ? await listOpen(context, input.backend)
      : await openFor(context, { ...input, service: input.service });
  },
});
