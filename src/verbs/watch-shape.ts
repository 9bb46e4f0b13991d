import { z } from 'zod';
import { loggedPacket } from './event.ts';
import { banShape, incidentShape } from './incident-shape.ts';

const topRow = z.object({
  what: z.string().describe('An address, or a port: 22/tcp.'),
  where: z.string().nullable().describe('Of an address the country in which it is registered, where that is known.'),
  events: z.int(),
  last: z.number().describe('Epoch seconds.'),
});

/** All that is shown at one moment. */
const picture = z.object({
  kind: z.literal('picture'),
  at: z.number().describe('Epoch seconds.'),
  host: z.string(),
  watcher: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('own') }),
      z.object({ kind: z.literal('other'), who: z.string() }),
      z.object({ kind: z.literal('nobody'), why: z.string() }),
    ])
    .describe('Who watches: this command, another palisade, or nobody, so that only what was remembered is shown.'),
  sources: z.array(
    z.object({ name: z.string(), trusted: z.boolean(), problem: z.string().nullable().describe('Why it cannot be read.') }),
  ),
  rates: z.array(z.int()).describe('Events of each of the last seconds, oldest first.'),
  hour: z.int().describe('Events of the last hour.'),
  lost: z.int().describe('What could not be read in the last day, of whatever kind.'),
  filter: z.string().nullable().describe('Only what has to do with this address or network is shown.'),
  top: z.object({ sources: z.array(topRow), ports: z.array(topRow) }).describe('Of the last hour, most first.'),
  incidents: z.array(incidentShape).describe('Of the last day; open ones first, then the newest.'),
  bans: z.array(banShape).describe('Those that hold now, the newest first.'),
  events: z.array(loggedPacket).describe('The newest, newest first.'),
  logging: z
    .enum(['some', 'none', 'unknown'])
    .describe('Whether a rule of the firewall logs anything; without one nothing is ever seen.'),
});

export type Picture = z.output<typeof picture>;
export type TopRowJson = Picture['top']['sources'][number];

/** What `watch` says, in the order in which it happens. */
export const watchPart = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('watching'),
    at: z.number(),
    sources: z.array(z.string()),
    pid: z.int().nullable().describe('The process that watches; null: what another one remembers is said.'),
  }),
  z.object({ kind: z.literal('notice'), text: z.string() }),
  z.object({ kind: z.literal('second'), at: z.number(), events: z.int() }),
  z.object({ kind: z.literal('lost'), at: z.number(), source: z.string(), count: z.int(), of: z.string() }),
  incidentShape.extend({ change: z.enum(['opened', 'grew', 'closed']) }),
  banShape,
  picture,
]);

export type WatchPart = z.output<typeof watchPart>;

/** What whoever looks at the picture asks for. */
export type WatchWish =
  /** Another filter: an address, a network, or `null` for all. */
  | { readonly kind: 'filter'; readonly text: string | null }
  /** Shut a source out for an hour. */
  | { readonly kind: 'ban'; readonly source: string };
