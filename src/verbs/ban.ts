import { z } from 'zod';
import { bansReport } from './bans-shape.ts';
import { verb } from './verb.ts';

export const ban = verb({
  name: 'ban',
  group: 'watch',
  summary: 'shut an address or a network out for a while; the kernel lets it in again',
  description: `Drops connections that an address or a network begins, to this host and to what it forwards to, such as containers. What is established goes on.
It holds until its time in the kernel, whatever becomes of palisade, and over a restart of the machine where palisade up runs and bans.action is on, or saved rules hold the chains.
Nobody can shut out this host itself, its gateways, resolvers and time servers, who is logged in, whom the policy lets log in by SSH, and whom bans.never names; rules let them
pass whoever put them into a set. The first ban makes two chains before all other rules; palisade uninstall takes them away.

Rules may be saved with these chains in them (netfilter-persistent save). They ask sets, and iptables-restore loads nothing of a table that asks a set which is not there: so the first
ban also enables palisade-bans.service, which makes the sets when the machine starts, before any service that loads rules, with those who are still shut out. It is a shell script
and a file, needs neither Node nor palisade, and makes the sets also where the state folder cannot be had; systemctl mask keeps it away.
Where a machine does not start with systemd, have it run \`sh /etc/palisade/bans.sh /var/lib/palisade\` before rules are loaded.`,
  input: z.object({
    network: z
      .string()
      .describe('An address, or a network no wider than a /16, of IPv6 a /32; an address of IPv6 is its /64')
      .meta({ value: 'ADDRESS', positional: true }),
    for: z.string().default('1h').describe('How long: 30m, 1h, 2d, 4w').meta({ value: 'TIME' }),
    why: z.string().max(200).optional().describe('Why, for whoever asks').meta({ value: 'TEXT' }),
    backend: z.enum(['nft', 'legacy']).optional().describe('Which backend’s rules to write where both are empty'),
  }),
  output: bansReport,
  streams: false,
  exits: {
    0: 'it is shut out',
    2: 'the address or the time could not be read',
    3: 'the rules, or who is never shut out, could not be read',
    4: 'it is never shut out, or too wide, or the kernel refused: the host is as it was',
  },
  examples: [
    { command: 'palisade ban 198.51.100.7 --for 2d --why "it guesses passwords"', says: 'for two days' },
    { command: 'palisade ban 2001:db8:bad::/48', says: 'a network, for an hour' },
  ],
  async run(context, input) {
    const { banNetwork } = await import('./banning/index.ts');
    return await banNetwork(context, input);
  },
});
