import { z } from 'zod';
import { severities } from '../audit/finding.ts';
import { unknownAnswer } from './shapes.ts';

const update = z
  .object({
    name: z.string(),
    installed: z.string(),
    candidate: z.string(),
    security: z.boolean().nullable().describe('null: the package lists do not tell.'),
    applies: z.boolean().describe('--apply installs it: a part of netfilter or a kernel, by apt.'),
  })
  .meta({ id: 'Update' });

const vulnerability = z
  .object({
    id: z.string(),
    product: z.enum(['linux', 'iptables']),
    says: z.string(),
    severity: z.enum(severities),
    exploited: z.boolean().describe('Known to be exploited.'),
    certainty: z
      .enum(['certain', 'possible'])
      .describe('possible: by upstream’s versions, of a kernel that was built for the machine.'),
    version: z.string().describe('What runs.'),
    fixedIn: z.string().nullable(),
    mitigated: z.boolean().describe('Only root can reach it here: plain users may make no user namespaces.'),
  })
  .meta({ id: 'Vulnerability' });

const changed = z.object({
  what: z.string().describe('`IPv4 rules (nft)`, `ipsets`, `other nft chains`.'),
  gone: z.array(z.string()).describe('Lines that are no longer there.'),
  come: z.array(z.string()).describe('Lines that were not there.'),
});

const applied = z
  .object({
    installed: z.array(z.object({ name: z.string(), from: z.string().nullable(), to: z.string() })),
    failed: z.string().nullable().describe('What apt said when it did not come to its end.'),
    rules: z
      .enum(['same', 'changed', 'unknown'])
      .describe('Live rules, sets and chains of nftables after the updates, beside those before.'),
    changed: z.array(changed),
    packets: z
      .enum(['same', 'different', 'unknown'])
      .nullable()
      .describe('Whether some packet is treated differently since; null while the rules are the same.'),
    snapshots: z.object({ before: z.string(), after: z.string().nullable() }).describe('Folders with what was read.'),
  })
  .meta({ id: 'Applied' });

/** What `updates --json` prints. */
export const updatesReport = z
  .object({
    host: z.string(),
    readAt: z.number().describe('Epoch seconds.'),
    system: z.string().nullable().describe('The distribution.'),
    kernel: z.string().nullable().describe('The release that runs.'),
    lists: z.object({
      at: z.number().nullable().describe('When the newest package list was fetched, in epoch seconds.'),
      days: z.int().nullable(),
      stale: z.boolean().describe('Too old to say that nothing is pending.'),
    }),
    updates: z.array(update).describe('What was left halfway, then security updates first.'),
    advisories: z.array(z.string()).describe('That wait, where the distribution does not say for which packages.'),
    restart: z.object({ pending: z.boolean().nullable(), why: z.string() }),
    automatic: z.object({ enabled: z.boolean().nullable(), why: z.string() }),
    support: z.object({ until: z.string(), longUntil: z.string().nullable() }).nullable(),
    vulnerabilities: z.object({
      asOf: z.string().describe('The day of the list that was compared with.'),
      days: z.int(),
      found: z.array(vulnerability),
      mitigatedBy: z.string().nullable().describe('The setting that leaves user namespaces to root.'),
    }),
    unknown: z.array(unknownAnswer),
    applied: applied.nullable(),
  })
  .meta({ id: 'UpdatesReport' });

export type UpdatesJson = z.output<typeof updatesReport>;
