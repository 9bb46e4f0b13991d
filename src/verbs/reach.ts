import { z } from 'zod';
import type { Problem } from '../result.ts';
import { reachReport } from './reach-shape.ts';
import { readHost, readingInput } from './reading.ts';
import { verb } from './verb.ts';

export const reach = verb({
  name: 'reach',
  group: 'look',
  summary: 'who can reach what: the service matrix, v4 and v6',
  description: `Says for every link who may open connections from elsewhere to which service, on this host or behind it: every packet
is accounted for, through all tables, user chains, sets and translations. Services that rules of nat send elsewhere (containers, port
forwards) stand with the address that they lead to. What depends on matches such as limit stands with them.
Multicast, broadcast and what the host sends itself are left out.

With routes, addresses and settings it follows each packet to where it goes. Of files without --facts it says what is let through to
the host and what is let through it side by side, and what it took for granted.`,
  input: z.object({ ...readingInput }),
  output: reachReport,
  streams: false,
  exits: {
    0: 'it is told for every packet',
    2: 'a file or flag could not be read',
    3: 'a part of it is unknown: rules that could not be read, rules beside those of iptables that rewrite, or too many to say',
  },
  examples: [
    { command: 'palisade reach', says: 'who can reach what on this host' },
    {
      command: 'palisade reach --ruleset rules.v4 --facts facts.json',
      says: 'the same of saved rules, with what is known of their host',
    },
  ],
  async run(context, input) {
    const host = await readHost(context, input);
    if (!host.ok) return { kind: 'invalid', problems: host.problems };
    context.progress('following every packet');
    const { reachJson } = await import('./reaching.ts');
    const value = reachJson(host.value);
    const [first] = value.unknown;
    if (first !== undefined && value.rows.length === 0 && value.refused.length === 0) {
      const problems = value.unknown.map(
        ({ what, why, remedy }): Problem => ({ code: 'unread', message: `${what}: ${why}`, hint: remedy }),
      );
      return { kind: 'unread', problems };
    }
    return { kind: first === undefined ? 'done' : 'unknown', value };
  },
});
