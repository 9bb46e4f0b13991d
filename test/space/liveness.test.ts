import { describe, expect, it } from 'vitest';
import { livenessOf, witnessOf } from '../../src/analysis/answers/index.ts';
import { surroundingsOf } from '../../src/analysis/evaluate/surroundings.ts';
import { createEvaluator } from '../../src/analysis/index.ts';
import { createSpace, type Firewall as Engine } from '../../src/analysis/symbolic/index.ts';
import { type Packet, packetToJson, type Step } from '../../src/model/packet/index.ts';
import { seeded } from '../kernel/random.ts';
import { aimsOf } from './aims.ts';
import { firewallOfSeed, isHeld, isPossible } from './comparison.ts';
import { makePacket } from './packets.ts';
import { realRulesets } from './rulesets.ts';

const made = Number(process.env['PALISADE_SEED'] ?? realRulesets.length + 1);
const rulesets = Number(process.env['PALISADE_RULESETS'] ?? 5);
const real = realRulesets.flatMap((path, index) => (index % 16 === 3 && !path.endsWith('-c.save') ? [index + 1] : []));

/** What is wrong with what is said of one firewall's rules. */
function faults(seed: number): readonly string[] {
  const firewall = firewallOfSeed(seed);
  const space = createSpace(firewall.family, [{ ruleset: firewall.ruleset, surroundings: surroundingsOf(firewall.host) }]);
  const engine = space.firewalls[0] as Engine;
  const liveness = livenessOf(space, engine);
  const evaluator = createEvaluator(firewall.host);
  const found: string[] = [];
  const dead = new Set(liveness.dead.map(({ table, chain, rule }) => `${table.name} ${chain.name} ${rule.rule.number}`));
  const name = (step: Step): string => `${step.table} ${step.chain} ${step.rule}`;

  const random = seeded(seed ^ 0x11fe_0000);
  const aims = aimsOf(firewall);
  for (let turn = 0; turn < 1500; turn += 1) {
    const packet = makePacket(random, aims);
    if (packet.mac === null || isHeld(packet) || !isPossible(space, engine, packet)) continue;
    const step = evaluator.trace(packet)?.path.find((one) => !one.maybe && dead.has(name(one)));
    if (step !== undefined) found.push(`${firewall.name}: ${name(step)} is met, and said to be dead: ${shown(packet)}`);
  }

  for (const table of firewall.ruleset.tables) {
    for (const chain of table.chains.values()) {
      for (const { number } of chain.rules) {
        const label = `${table.name} ${chain.name} ${number}`;
        if (!liveness.isLive(table.name, chain.name, number)) {
          if (liveness.hits(table.name, chain.name, number).length > 0) found.push(`${label} is dead, and has hits`);
          continue;
        }
        const [hit] = liveness.hits(table.name, chain.name, number);
        const witness = hit === undefined ? null : witnessOf(space, engine, hit.hook, hit.packets);
        if (witness === null) found.push(`${firewall.name}: ${label} is live, and nothing hits it`);
        // Of what connection an ICMP error speaks no packet says.
        else if (witness.assumed.length === 0 && !isError(witness.packet) && !isMet(witness.trace.path, label))
          found.push(`${firewall.name}: ${label} is live, and its witness does not meet it: ${shown(witness.packet)}`);
      }
    }
  }
  return found;

  function isMet(path: readonly Step[], label: string): boolean {
    return path.some((step) => name(step) === label);
  }
}

function isError({ family, proto, state }: Packet): boolean {
  return state === 'RELATED' && proto === (family === 4 ? 1 : 58);
}

function shown(packet: Packet): string {
  return JSON.stringify(packetToJson(packet));
}

describe('a dead rule is never met, and a live one is met by its witness', () => {
  it('of rules made by chance', { timeout: 120_000 }, () => {
    for (let turn = 0; turn < rulesets; turn += 1)
      expect(
        faults(made + turn)
          .slice(0, 3)
          .join('\n'),
      ).toBe('');
  });

  it('of rules that other programs wrote', { timeout: 120_000 }, () => {
    for (const seed of real) expect(faults(seed).slice(0, 3).join('\n')).toBe('');
  });
});
