import { describe, expect, it } from 'vitest';
import { livenessOf, witnessOf } from '../../src/analysis/answers/index.ts';
import { surroundingsOf } from '../../src/analysis/evaluate/surroundings.ts';
import { createEvaluator } from '../../src/analysis/index.ts';
import { createSpace } from '../../src/analysis/symbolic/index.ts';
import { createKernel } from '../../src/kernel/index.ts';
import { type Host, known } from '../../src/model/host/index.ts';
import { type Packet, packetToJson } from '../../src/model/packet/index.ts';
import { setsText } from '../../src/policy/index.ts';
import { hostWith } from '../../src/verbs/adopting.ts';
import { claimOf, prove } from '../../src/verbs/proof/index.ts';
import type { Context } from '../../src/verbs/verb.ts';
import { must } from '../kernel/lab.ts';
import { hostOf, setsOf, tell } from './adopted.ts';

/**
 * The kernel's own word on adopted policies: of each live rule of the old rules one packet goes through them, and through what the
 * policy becomes, on the running kernel. It lets through what it let through before.
 */
const context = {
  kernel: createKernel(),
  progress: () => undefined,
  signal: new AbortController().signal,
} as unknown as Context;

/** The machine on which they were captured (testdata/rulesets/README.md). */
const facts = {
  links: [{ name: 'eth0' }, { name: 'eth1' }],
  addresses: [
    { link: 'eth0', address: '198.51.100.2/24' },
    { link: 'eth0', address: '2001:db8:1::2/64' },
    { link: 'eth1', address: '192.168.1.2/24' },
    { link: 'eth1', address: '2001:db8:2::2/64' },
  ],
};

describe('the kernel treats packets alike', () => {
  it.each([
    ['ufw', 'nft'],
    ['firewalld', 'legacy'],
  ] as const)('of %s with iptables-%s', async (origin, backend) => {
    const old = hostOf(origin, backend, facts);
    if (old === null) throw new Error(`${origin} has no rules`);
    const { adoption } = tell(origin, old);
    if (adoption.kind === 'refused') throw new Error(adoption.problems.join());
    const { host: now, compiled } = must(hostWith(old, adoption.text));
    const packets = ([4, 6] as const).flatMap((family) => witnesses(old, family));
    const [before, after] = await Promise.all([
      verdicts(old, setsOf(origin), packets, backend),
      verdicts(now, setsOf(origin) + setsText(compiled.sets), packets, backend),
    ]);
    const both = packets.map((packet, index) => ({ packet, before: before[index] ?? null, after: after[index] ?? null }));
    const sent = both.filter((one) => one.before !== null && one.after !== null);
    const wrong = sent.filter((one) => one.before !== one.after).map((one) => ({ ...one, packet: packetToJson(one.packet) }));
    expect(wrong).toEqual([]);
    expect(sent.length).toBeGreaterThan(packets.length / 3);
    expect(new Set(sent.map((one) => one.before)).size).toBe(2);
  });
});

/** One packet of each live rule of the table filter. */
function witnesses(host: Host, family: 4 | 6): readonly Packet[] {
  const ruleset = host.rulesets[family];
  if (!ruleset.known) return [];
  const space = createSpace(family, [{ ruleset: ruleset.value, surroundings: surroundingsOf(host) }]);
  const [firewall] = space.firewalls;
  if (firewall === undefined) return [];
  const liveness = livenessOf(space, firewall);
  const found = new Map<string, Packet>();
  for (const table of ruleset.value.tables)
    for (const { chain, number } of table.name === 'filter' ? table.rules : []) {
      const [hits] = liveness.hits('filter', chain, number);
      const packet = hits === undefined ? null : witnessOf(space, firewall, hits.hook, hits.packets)?.packet;
      if (packet != null) found.set(JSON.stringify(packetToJson(packet)), packet);
    }
  return [...found.values()];
}

/** What the kernel did with each; `null` of those that could not be sent, or whose way hangs on what no packet says. */
async function verdicts(
  host: Host,
  sets: string,
  packets: readonly Packet[],
  backend: 'nft' | 'legacy',
): Promise<readonly (string | null)[]> {
  const evaluator = createEvaluator(host);
  const traces = packets.map((packet) => evaluator.trace(packet));
  const claims = packets.flatMap((packet, index) => {
    const trace = traces[index];
    return trace == null ? [] : [{ index, claim: claimOf({ packet, trace }) }];
  });
  const proofs = await prove(
    context,
    { host, sets: known(sets), backend },
    claims.map(({ claim }) => claim),
  );
  const said = packets.map((): string | null => null);
  for (const [place, { index, claim }] of claims.entries()) {
    const proof = proofs[place];
    if (proof?.ran !== true || claim.verdict === 'DEPENDS') continue;
    expect(proof.agrees, JSON.stringify(packetToJson(claim.packet))).toBe(true);
    said[index] = proof.kernel;
  }
  return said;
}
