import { z } from 'zod';
import { askedFields } from './asking/asked-fields.ts';
import { eventPart } from './events-shape.ts';
import { verb } from './verb.ts';

export const events = verb({
  name: 'events',
  group: 'watch',
  summary: 'packets that the kernel logged, and logins that failed, as they are remembered',
  description: `Lists what palisade has kept of what the firewall logged: the newest events that fit, oldest of them first, with times in UTC.
palisade up and palisade watch keep them, for a month or until the store is full (store: in the configuration). Log files that anybody may
write into are marked as forgeable.
--why says of each event which rule of this host logged it, and what became of the packet: the packet is followed through the rules as
they stand now. Where several rules write the same prefix, that tells which it was. The rules may have been others when the packet came.
The file is STATE/events.db, which sqlite3 reads too; docs/store.md describes its tables.`,
  input: z.object({
    since: askedFields.since,
    until: askedFields.until,
    source: askedFields.source,
    target: z.string().optional().describe('Only to this address or network').meta({ value: 'ADDRESS' }),
    port: z.int().min(0).max(65_535).optional().describe('Only to this port').meta({ value: 'PORT' }),
    proto: z.string().optional().describe('Only of this protocol: tcp, udp, icmp, 47').meta({ value: 'PROTO' }),
    prefix: z.string().optional().describe('Only with a log prefix that begins so').meta({ value: 'TEXT' }),
    most: z.int().min(1).max(10_000_000).default(100).describe('So many at most').meta({ value: 'N' }),
    why: z.boolean().default(false).describe('Which rule logged each, and what became of the packet'),
    format: askedFields.format,
  }),
  output: eventPart,
  streams: true,
  exits: {
    0: 'listed',
    2: 'a flag could not be read',
    3: 'nothing was kept yet, or it cannot be read; or nothing fits, and something of that time was lost',
  },
  examples: [
    { command: 'palisade events --since 1h', says: 'the last 100 of the last hour' },
    { command: 'palisade events --source 203.0.113.0/24 --port 22 --json', says: 'for a program' },
    { command: 'palisade events --most 5 --why', says: 'which rules logged the latest, and what became of the packets' },
    { command: 'palisade events --since 2026-11-30 --most 100000 --format csv', says: 'for a spreadsheet' },
  ],
  async run(context, input) {
    const { askEvents } = await import('./asking/index.ts');
    return await askEvents(context, input);
  },
});
