import { z } from 'zod';

/** Flags of `audit` for scripts. */
export const scriptInput = {
  script: z
    .string()
    .optional()
    .describe('Audit the iptables commands of a shell script, the way there and the end; nothing is run')
    .meta({ value: 'FILE', path: true }),
  fresh: z
    .boolean()
    .default(false)
    .describe('The script begins with empty tables, as after a fresh boot, and not with the live rules'),
  peer: z
    .string()
    .optional()
    .describe(
      'Who manages the host over SSH and must not be cut off (default: the peer of SSH_CONNECTION, else all SSH sessions)',
    )
    .meta({ value: 'ADDRESS[:PORT]' }),
};
