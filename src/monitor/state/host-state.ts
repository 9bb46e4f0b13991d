import { z } from 'zod';
import type { Problem } from '../../result.ts';

const family = z.union([z.literal(4), z.literal(6)]);
const severity = z.enum(['critical', 'high', 'medium', 'low', 'info']);
const perSeverity = z.object({ critical: z.int(), high: z.int(), medium: z.int(), low: z.int(), info: z.int() });
const moment = z.number().describe('Epoch seconds.');

/** Something that was read, or why it was not and what to do about it. What is not known is never taken for good. */
function known<T extends z.ZodType>(value: T) {
  return z.discriminatedUnion('known', [
    z.object({ known: z.literal(true), value }),
    z.object({ known: z.literal(false), why: z.string(), remedy: z.string() }),
  ]);
}

const audited = z.object({
  at: moment,
  protected: z.enum(['yes', 'no', 'unknown']),
  score: z.int().nullable().describe('0 to 100; null: too little is known.'),
  confidence: z.int().describe('Percent of the checks that could be answered.'),
  counts: perSeverity,
  findings: z.array(
    z.object({
      id: z.string(),
      severity,
      certainty: z.enum(['certain', 'possible']),
      title: z.string(),
      family: family.nullable(),
      fix: z.string(),
    }),
  ),
  unknown: z.array(z.object({ id: z.string(), why: z.string(), remedy: z.string() })),
});

const chain = z.object({
  family,
  table: z.string(),
  chain: z.string(),
  policy: z.enum(['ACCEPT', 'DROP']).nullable().describe('Null: a chain that somebody made, which has none.'),
  rules: z.int(),
  packets: z.int().nullable().describe('What the policy decided; null: it has none.'),
  bytes: z.int().nullable(),
});

const rule = z.object({
  id: z.string().describe('12 hexadecimal digits of what the rule says, whatever its place and counters; of equal ones -2, -3.'),
  family,
  table: z.string(),
  chain: z.string(),
  target: z.string().describe('Empty: it only counts.'),
  comment: z.string().nullable(),
  text: z.string().describe('As iptables-save prints it, without counters.'),
  packets: z.int().describe('Since the rule was first seen, whatever was reloaded meanwhile.'),
  bytes: z.int(),
  since: moment.describe('When it was first seen.'),
  lastHit: moment.nullable().describe('When its last packet was noticed; null: none was.'),
});

/**
 * The state of a host at one moment. It is published anew whenever the host was read, and at least every minute or so; after `until` it counts
 * for nothing.
 */
export const hostState = z
  .object({
    form: z.literal(1),
    host: z.string(),
    at: moment.describe('When the host was read.'),
    until: moment.describe('A newer one is there by then. Later, this one is stale: unknown, never OK.'),
    palisade: z.object({ version: z.string(), pid: z.int(), since: moment }),
    audit: known(audited),
    backends: known(
      z.array(z.object({ family, backend: z.enum(['nft', 'legacy', 'both', 'none', 'unknown']) })).describe('One a family.'),
    ),
    rulesets: known(
      z.array(
        z.object({
          family,
          sha256: z.string().describe('Of the rules without counters.'),
          rules: z.int(),
          changedAt: moment.nullable().describe('When it was last seen to change; null: not since palisade watches.'),
        }),
      ),
    ),
    chains: known(z.array(chain)),
    rules: known(z.array(rule)),
    drift: known(
      z.object({
        drifted: z.boolean(),
        baseline: z.object({ id: z.string(), at: moment, reason: z.string() }),
        changes: z
          .array(
            z.object({
              family: family.nullable(),
              table: z.string().nullable(),
              change: z.enum(['added', 'removed', 'moved', 'policy', 'other']),
              count: z.int(),
            }),
          )
          .describe('Of what somebody should look at.'),
        says: z.array(z.string()),
        by: z.string().nullable(),
        announcedUntil: moment.nullable().describe('Somebody has said that he is changing the firewall by hand.'),
      }),
    ),
    persistence: known(
      z
        .array(
          z.object({
            family,
            source: z.string(),
            stands: z.enum(['same', 'differs', 'nothing-saved', 'unknown']),
            why: z.string().nullable(),
          }),
        )
        .describe('What the next start loads, beside what is in force.'),
    ),
    sets: known(
      z.array(
        z.object({
          name: z.string(),
          type: z.string(),
          entries: z.int(),
          most: z.int().nullable().describe('How many it takes; null: it has no limit of its own.'),
          bytes: z.int().nullable(),
        }),
      ),
    ),
    conntrack: known(
      z
        .object({ entries: z.int(), limit: z.int(), dropped: z.int(), earlyDropped: z.int(), insertFailed: z.int() })
        .nullable()
        .describe('Null: the kernel tracks no connections.'),
    ),
    log: known(
      z.object({
        sources: z.array(z.string()).describe('Where logged packets are read; empty: nowhere.'),
        events: z.array(z.object({ proto: z.string(), prefix: z.string(), count: z.int() })).describe('Since palisade watches.'),
        lost: z.array(z.object({ source: z.string(), count: z.int() })),
        perMinute: z.number().describe('Logged packets, over the last five minutes.'),
        last: moment.nullable(),
        dropped: z.int().nullable().describe('Packets that rules and policies dropped, as counted.'),
      }),
    ),
    incidents: known(
      z.object({
        open: perSeverity.describe('Those that nobody has acknowledged or silenced.'),
        attended: z.int().describe('Open ones that somebody has.'),
        list: z
          .array(
            z.object({
              id: z.string(),
              detector: z.string(),
              severity,
              title: z.string(),
              since: moment,
              last: moment,
              events: z.int(),
              attended: z.boolean(),
            }),
          )
          .describe('Open ones, the worst and latest first, at most 100.'),
      }),
    ),
    bans: known(z.object({ action: z.enum(['off', 'say', 'on']), active: z.int() })),
    backup: known(
      z.object({
        last: z.object({ id: z.string(), at: moment, proven: z.boolean().nullable() }).nullable(),
        failing: z.string().nullable().describe('Why the last one or its copy failed.'),
      }),
    ),
    updates: known(z.object({ pending: z.array(z.string()), security: z.int(), restart: z.boolean().nullable() })),
    exposure: known(
      z.array(
        z.object({
          family,
          proto: z.string(),
          port: z.int(),
          process: z.string().nullable(),
          open: z.enum(['everyone', 'some', 'nobody', 'unknown']).describe('Who of the world outside reaches it.'),
        }),
      ),
    ),
    alerts: known(
      z.array(
        z.object({
          channel: z.string(),
          type: z.string(),
          waiting: z.int(),
          dead: z.int().describe('Messages that could not be delivered, and are not tried again.'),
          delivered: z.int(),
          lastDelivered: moment.nullable(),
          failing: z.string().nullable(),
        }),
      ),
    ),
    spent: z.object({ readMs: z.number(), auditMs: z.number() }).describe('What the latest reading and audit took.'),
  })
  .meta({ id: 'HostState' });

export type HostState = z.output<typeof hostState>;

/**
 * What a reader got. `problem`: nobody publishes, it may not be read, or what is there is stale; whoever judges then says *unknown*, with the
 * problem's words.
 */
export type StateRead = { readonly ok: true; readonly state: HostState } | { readonly ok: false; readonly problem: Problem };
