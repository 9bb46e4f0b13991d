import { z } from 'zod';
import { askedFields } from './asking/asked-fields.ts';
import { topReport } from './top-shape.ts';
import { verb } from './verb.ts';

export const top = verb({
  name: 'top',
  group: 'watch',
  summary: 'who or what is in most events: sources, networks, ports, targets, prefixes, countries',
  description: `Counts what palisade has kept of what the firewall logged, by one thing at a time. Without --since it is of the last hour.
Who came too seldom at a time to be counted one by one (a flood with forged addresses) is in one number, which says how many one of them
can have at most. Counts are kept for a year, longer than single events: then a time that lies within an hour counts as the whole hour.
Countries are those in which a network is registered by the regional registries, which is not where its machines stand; systems (AS) are
those that announce it. Both come with palisade, are as old as the answer says, and can be had newer: docs/store.md says how.`,
  input: z.object({
    by: z
      .enum(['source', 'network', 'port', 'target', 'prefix', 'country', 'as'])
      .default('source')
      .describe('What to count; network is a /24 of IPv4 and a /64 of IPv6'),
    since: askedFields.since,
    until: askedFields.until,
    most: z.int().min(1).max(100_000).default(10).describe('So many at most').meta({ value: 'N' }),
    format: askedFields.format,
  }),
  output: topReport,
  streams: false,
  exits: {
    0: 'counted',
    2: 'a flag could not be read',
    3: 'nothing was kept yet, or it or the data of countries or systems cannot be read; or there is no event, and something of that time was lost',
  },
  examples: [
    { command: 'palisade top', says: 'the ten sources with most events of the last hour' },
    { command: 'palisade top --by port --since 7d', says: 'what they are after' },
    { command: 'palisade top --by as --since 1d --most 20 --json', says: 'whose networks they come from' },
  ],
  async run(context, input) {
    const { askTop } = await import('./asking/index.ts');
    return askTop(context, input);
  },
});
