import { z } from 'zod';
import type { Problem } from '../result.ts';
import type { Proving } from './proof/index.ts';
import { reachReport } from './reach-shape.ts';
import type { Reached } from './reaching.ts';
import { proveInput, readHostAndSets, readingInput } from './reading.ts';
import { type Context, verb } from './verb.ts';

export const reach = verb({
  name: 'reach',
  group: 'look',
  summary: 'who can reach what: the service matrix, v4 and v6',
  description: `Says for every link who may open connections from elsewhere to which service, on this host or behind it: every packet
is accounted for, through all tables, user chains, sets and translations. Services that rules of nat send elsewhere (containers, port
forwards) stand with the address that they lead to. What depends on matches such as limit stands with them.
Multicast, broadcast and what the host sends itself are left out.

With routes, addresses and settings it follows each packet to where it goes. Of files without --facts it says what is let through to
the host and what is let through it side by side, and what it took for granted.

--prove sends the packet that shows each row through the rules on the running kernel, in a throw-away namespace, and says what it did.`,
  input: z.object({ ...readingInput, prove: proveInput }),
  output: reachReport,
  streams: false,
  exits: {
    0: 'it is told for every packet',
    2: 'a file or flag could not be read',
    3: 'a part of it is unknown: rules that could not be read, rules beside those of iptables that rewrite, or too many to say; or the kernel did otherwise than was said',
  },
  examples: [
    { command: 'palisade reach', says: 'who can reach what on this host' },
    { command: 'palisade reach --prove', says: 'and whether the kernel lets the packets in that show it' },
    {
      command: 'palisade reach --ruleset rules.v4 --facts facts.json',
      says: 'the same of saved rules, with what is known of their host',
    },
  ],
  async run(context, input) {
    const read = await readHostAndSets(context, input);
    if (!read.ok) return { kind: 'invalid', problems: read.problems };
    context.progress('following every packet');
    const { reachJson } = await import('./reaching.ts');
    const reached = reachJson(read.value.host);
    const { value, faults } = input.prove
      ? await proved(context, { ...read.value, backend: input.backend }, reached)
      : { value: reached.value, faults: [] };
    const [first] = value.unknown;
    if (first !== undefined && value.rows.length === 0 && value.refused.length === 0) {
      const problems = value.unknown.map(
        ({ what, why, remedy }): Problem => ({ code: 'unread', message: `${what}: ${why}`, hint: remedy }),
      );
      return { kind: 'unread', problems };
    }
    return { kind: first === undefined && faults.length === 0 ? 'done' : 'unknown', value, faults };
  },
});

/** Each row's packet with what the kernel did. */
async function proved(context: Context, proving: Proving, { value, claims }: Reached) {
  const { faultsOf, prove } = await import('./proof/index.ts');
  const shown = value.rows.flatMap(({ witness, services }) => {
    const claim = witness === null ? undefined : claims.get(witness);
    return claim === undefined ? [] : [{ witness, claim, where: `reach of ${services.list.join(', ') || 'any service'}` }];
  });
  const proofs = await prove(
    context,
    proving,
    shown.map(({ claim }) => claim),
  );
  const ofWitness = new Map(shown.map(({ witness }, index) => [witness, proofs[index] ?? null]));
  const rows = value.rows.map((row) => ({
    ...row,
    witness: row.witness && { ...row.witness, proof: ofWitness.get(row.witness) ?? null },
  }));
  return { value: { ...value, rows }, faults: faultsOf(shown.map((one, index) => ({ ...one, proof: proofs[index] ?? null }))) };
}
