import { z } from 'zod';
import { diffReport } from './diff-shapes.ts';
import { packet } from './shapes.ts';

const family = z.union([z.literal(4), z.literal(6)]);
const outcome = z.enum(['ACCEPT', 'DROP', 'REJECT', 'QUEUE', 'STOLEN', 'DEPENDS', 'UNDECIDED']);

/** What `plan --json` prints. */
export const planReport = z
  .object({
    policy: z.string(),
    changes: z.boolean().describe('There is something to do.'),
    proof: z
      .array(
        z.object({
          family,
          way: z.enum(['incoming', 'forwarded', 'outgoing']),
          proved: z.boolean().describe('The chains do to every packet what the policy says.'),
          why: z.string().nullable(),
        }),
      )
      .describe('Whether the chains mean what the policy says, on a host without other rules.'),
    lines: z
      .array(z.object({ family, kind: z.enum(['added', 'removed']), table: z.string(), text: z.string() }))
      .describe('Lines of iptables-save that come and go.'),
    sets: z.object({
      added: z.array(z.object({ name: z.string(), members: z.int() })),
      changed: z.array(z.string()).describe('Sets that hold something else than their name says: somebody changed them.'),
      unused: z.array(z.string()).describe('Sets of an earlier policy that nothing asks any more.'),
    }),
    difference: diffReport.describe(
      'New connections over links that are treated differently, by their first packets; biggest regions first.',
    ),
    strays: diffReport.describe(
      'All other packets that are treated differently: replies, what strays, what scans send, the host to itself.',
    ),
    tests: z.array(z.object({ text: z.string(), line: z.int().nullable(), holds: z.boolean(), packet: packet.nullable() })),
    sessions: z
      .array(
        z.object({
          peer: z.string(),
          peerPort: z.int(),
          localPort: z.int(),
          process: z.string().nullable(),
          established: outcome.describe('Its next packet.'),
          untracked: outcome.describe(
            'The same, if tracking could not be told of it before the change, and knew nothing of it: NEW, without SYN.',
          ),
          again: outcome.describe('A new connection from the same address.'),
          survives: z.boolean(),
        }),
      )
      .nullable()
      .describe('Connections over which somebody manages the host now; null where they could not be read.'),
    others: z.array(z.string()).describe('Programs that keep rules of their own here, which stay as they are.'),
    notes: z
      .array(z.string())
      .describe('What fetched sets hold and as of when, and whom lists of others would have shut out and do not.'),
    refusals: z.array(z.object({ why: z.string(), remedy: z.string() })).describe('Why apply would refuse this plan.'),
    unknown: z.array(z.object({ what: z.string(), why: z.string(), remedy: z.string() })),
  })
  .meta({ id: 'PlanReport' });

export type PlanJson = z.output<typeof planReport>;
