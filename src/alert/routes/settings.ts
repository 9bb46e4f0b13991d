import { z } from 'zod';
import { parsePrefix } from '../../model/net/index.ts';
import { weekdays } from '../weekly.ts';

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** A time such as 30m, in milliseconds. */
export function durationMs(text: string): number {
  return Number.parseInt(text, 10) * (units[text.at(-1) ?? ''] ?? 0);
}

const time = (example: string) =>
  z
    .string()
    .regex(/^(0|[1-9]\d{0,4})[smhdw]$/)
    .meta({ wanted: `a time such as ${example}` });

const names = z.array(z.string().min(1)).min(1);
const severity = z.enum(['critical', 'high', 'medium', 'low', 'info']);

const hour = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
  .meta({ wanted: 'a time of day in quotes, such as "22:00"' });

const quietHours = z.strictObject({
  from: hour.describe('When they begin, such as "22:00".'),
  to: hour.describe('When they end, of the same day or the next.'),
  zone: z
    .string()
    .refine(isZone)
    .meta({ wanted: 'a time zone such as Europe/Berlin or UTC' })
    .default('UTC')
    .describe('The time zone that they are meant in.'),
  through: z
    .enum(['critical', 'high', 'medium', 'low', 'info', 'none'])
    .default('critical')
    .describe('From this severity on it is told all the same; none: everything waits.'),
});

/** One route. `describe` is its documentation. */
export const routeSettings = z.strictObject({
  severity: severity.default('medium').describe('The mildest that goes this way.'),
  detectors: names.optional().describe('Only what these detectors saw.'),
  sources: z
    .array(
      z
        .string()
        .refine((text) => parsePrefix(text) !== undefined)
        .meta({ wanted: 'addresses and networks in quotes' }),
    )
    .min(1)
    .optional()
    .describe('Only what comes from these addresses and networks.'),
  to: names.describe('The channels that are told.'),
  continue: z.boolean().default(false).describe('Look at the routes behind this one too.'),
  'group-by': z
    .enum(['incident', 'detector', 'source', 'all'])
    .default('detector')
    .describe('What is told together: each incident by itself, those of one detector, of one source, or all.'),
  wait: time('10s').default('10s').describe('The first of a group waits so long for others.'),
  'group-every': time('5m')
    .default('5m')
    .describe('A group is told of again so often at most; what is critical does not wait for it.'),
  digest: time('1h').optional().describe('One message with all of such a time, instead.'),
  'at-most': z
    .string()
    .regex(/^[1-9]\d{0,3}\/[1-9]\d{0,3}[smhd]$/)
    .meta({ wanted: 'a number and a time, such as 20/1h' })
    .default('30/1h')
    .describe('So many messages to each channel; what is over is counted, and said with the next.'),
  'quiet-hours': quietHours.optional().describe('Hours in which nobody is told; at their end one message says what was.'),
  escalate: z
    .array(
      z.strictObject({
        after: time('30m').describe('How long nobody has acknowledged it.'),
        to: names.describe('The channels that are told then.'),
      }),
    )
    .default([])
    .describe('Who else is told of what goes on and nobody has acknowledged.'),
  repeat: time('4h').optional().describe('Tell again so often what goes on and nobody has acknowledged.'),
  'resolve-wait': time('30s').default('30s').describe('That something is over is told after so long, in which it may come back.'),
});

export type RouteSettings = z.output<typeof routeSettings>;

const weekly = z.strictObject({
  day: z.enum(weekdays).default('monday').describe('The day of the week.'),
  at: hour.default('08:00').describe('The time of day, such as "08:00".'),
  zone: z
    .string()
    .refine(isZone)
    .meta({ wanted: 'a time zone such as Europe/Berlin or UTC' })
    .default('UTC')
    .describe('The time zone that it is meant in.'),
  to: names.describe('The channels that are told.'),
});

/** What is said of alerts as a whole, beside their channels. */
export const sendingSettings = z.strictObject({
  routes: z
    .array(routeSettings)
    .min(1)
    .optional()
    .describe('Who is told of what; the first that fits counts. Left out: all channels, of medium and above.'),
  weekly: weekly.optional().describe('A message each week that sums it up: score, findings, incidents, bans, backups, drift.'),
  'give-up': time('3d').default('3d').describe('What could not be delivered for so long is tried no more (palisade alerts).'),
});

function isZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).format(0) !== '';
  } catch {
    return false;
  }
}
