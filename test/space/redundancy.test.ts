import { describe, expect, it } from 'vitest';
import { livenessOf, redundancyOf } from '../../src/analysis/answers/index.ts';
import { createSpace, type Firewall as Engine } from '../../src/analysis/symbolic/index.ts';
import { seeded } from '../kernel/random.ts';
import { everyPacket, lineOf, makeSmallRules, type SmallRuleset, smallRuleset } from './small-rulesets.ts';

const rulesets = Number(process.env['PALISADE_RULESETS'] ?? 30);
const surroundings = { sets: null, links: null, addresses: null, routes: null, listeners: null };

function verdictsOf({ evaluator }: SmallRuleset): string {
  return everyPacket.map((packet) => evaluator.trace(packet)?.verdict).join();
}

/** Lines without which every packet has the same verdict. */
function sparedLines(small: SmallRuleset): ReadonlySet<number> {
  const all = verdictsOf(small);
  return new Set(small.lines.keys().filter((at) => verdictsOf(smallRuleset(small.lines.toSpliced(at, 1))) === all));
}

describe('which rules are redundant, asked of every packet that small rulesets tell apart', () => {
  it('agrees with the interpreter', { timeout: 60_000 }, () => {
    const random = seeded(0x2ed0_0001);
    let [byTable, byWay] = [0, 0];
    for (let turn = 0; turn < rulesets; turn += 1) {
      const small = smallRuleset(makeSmallRules(random));
      const about = small.lines.join('\n');
      const space = createSpace(4, [{ ruleset: small.ruleset, surroundings }]);
      const engine = space.firewalls[0] as Engine;
      const liveness = livenessOf(space, engine);
      const spared = sparedLines(small);
      const found = redundancyOf(space, engine, liveness, { thorough: true });
      for (const { line } of found)
        expect(spared.has(lineOf(line)), `${about}\nredundant: ${small.lines[lineOf(line)]}`).toBe(true);
      byTable += found.filter(({ by }) => by === 'table').length;
      byWay += found.filter(({ by }) => by === 'way').length;
      // Nor is any left out but those that are dead, or that report or call what reports.
      const known = new Set(found.map(({ line }) => lineOf(line)));
      for (const { rule } of liveness.dead) known.add(lineOf(rule.rule.line));
      const reports = (chain: string): boolean =>
        small.lines.some(
          (line) => line.startsWith(`-A ${chain} `) && (line.endsWith('LOG') || (/-[jg] two$/.test(line) && reports('two'))),
        );
      for (const at of spared) {
        const line = small.lines[at] as string;
        const called = /-[jg] (one|two)$/.exec(line)?.[1];
        if (line.endsWith('LOG') || (called !== undefined && reports(called))) continue;
        expect(known.has(at), `${about}\nleft out: ${line}`).toBe(true);
      }
    }
    expect(byTable).toBeGreaterThan(rulesets / 4);
    expect(byWay).toBeGreaterThan(0);
  });
});
