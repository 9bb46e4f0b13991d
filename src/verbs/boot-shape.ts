import { z } from 'zod';

/** What `boot-restore` has done. */
export const bootRestored = z
  .object({
    kind: z
      .enum(['restored', 'there', 'emergency', 'installed', 'removed'])
      .describe(
        '`there`: the firewall is as it was confirmed already; nothing was changed. `emergency`: it could not be restored, and emergency rules are there.',
      ),
    files: z.array(z.string()).describe('What was written or taken away.'),
    said: z.array(z.string()).describe('What was said while it was done.'),
  })
  .meta({ id: 'BootRestored' });

export type BootRestoredJson = z.output<typeof bootRestored>;
