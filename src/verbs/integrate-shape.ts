import { z } from 'zod';

/** What `integrate --json` prints. */
export const integrateReport = z
  .object({
    name: z.string(),
    did: z.enum(['listed', 'shown', 'written', 'applied', 'tested']),
    /** Of `listed`. */
    integrations: z.array(
      z.object({
        name: z.string(),
        summary: z.string(),
        answers: z.array(z.object({ key: z.string(), says: z.string(), default: z.string().nullable() })),
      }),
    ),
    files: z.array(
      z.object({
        path: z.string().describe('Where it belongs, or was written to.'),
        says: z.string(),
        mode: z.string().describe('Such as 0644.'),
        here: z.boolean().describe('It belongs on this machine, and --apply puts it there.'),
        stands: z
          .enum(['new', 'same', 'older', 'changed', 'unreadable'])
          .describe('Beside what is there: older is what palisade wrote before, changed has somebody else’s hand in it.'),
        diff: z.array(z.string()).describe('What it changes there, as diff -u says it.'),
        text: z.string(),
        kept: z.string().nullable().describe('Where that is which stood there before --apply.'),
      }),
    ),
    says: z.array(z.string()).describe('What the other side said, and what was done.'),
    unasked: z.array(z.object({ why: z.string(), remedy: z.string() })).describe('What the other side could not be asked.'),
    echo: z
      .object({ seen: z.boolean(), where: z.string(), afterMs: z.number().nullable() })
      .nullable()
      .describe('--test: whether the event showed up there, where or why not, and when.'),
    next: z.array(z.string()).describe('What is left to be done by hand.'),
  })
  .meta({ id: 'IntegrateReport' });

export type IntegrateJson = z.output<typeof integrateReport>;
