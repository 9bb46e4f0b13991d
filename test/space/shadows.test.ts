import { describe, expect, it } from 'vitest';
import { livenessOf, type Shadow, shadowsOf } from '../../src/analysis/answers/index.ts';
import { createSpace, type Firewall as Engine } from '../../src/analysis/symbolic/index.ts';
import { seeded } from '../kernel/random.ts';
import { everyPacket, lineOf, makeSmallRules, type SmallRuleset, smallRuleset } from './small-rulesets.ts';

const rulesets = Number(process.env['PALISADE_RULESETS'] ?? 150);
const surroundings = { sets: null, links: null, addresses: null, routes: null, listeners: null };

/** What the interpreter says: lines that some packet meets. */
function metLines({ evaluator }: SmallRuleset): ReadonlySet<number> {
  const met = new Set<number>();
  for (const packet of everyPacket) {
    for (const { rule, line } of evaluator.trace(packet)?.path ?? [])
      if (rule !== 'policy' && line !== null) met.add(lineOf(line));
  }
  return met;
}

describe('why a rule is dead, asked of every packet that small rulesets tell apart', () => {
  it('agrees with the interpreter', { timeout: 60_000 }, () => {
    const random = seeded(0x5ade_0001);
    const kinds = new Map<Shadow['kind'], number>();
    let [several, opposed] = [0, 0];
    for (let turn = 0; turn < rulesets; turn += 1) {
      const small = smallRuleset(makeSmallRules(random));
      const about = `${small.lines.join('\n')}\n`;
      const space = createSpace(4, [{ ruleset: small.ruleset, surroundings }]);
      const engine = space.firewalls[0] as Engine;
      const liveness = livenessOf(space, engine);
      const shadows = shadowsOf(space, engine, liveness);
      const met = metLines(small);
      for (const dead of liveness.dead) {
        const at = lineOf(dead.rule.rule.line);
        expect(met.has(at), `${about}${small.lines[at]}`).toBe(false);
        const shadow = shadows.why(dead);
        kinds.set(shadow.kind, (kinds.get(shadow.kind) ?? 0) + 1);
        // All other rules of its chain are taken away: it lives just if they were to blame.
        const { chain } = dead;
        const before = chain.rules.filter(({ number }) => number < dead.rule.rule.number).map(({ line }) => lineOf(line));
        expect(isMetWithout(small, at, before), `${about}${small.lines[at]} is ${shadow.kind}`).toBe(shadow.kind === 'covered');
        if (shadow.kind !== 'covered') continue;
        const blamed = shadow.blockers.map(({ line }) => lineOf(line));
        if (blamed.length > 1) several += 1;
        if (shadow.opposite !== null) opposed += 1;
        const others = before.filter((line) => !blamed.includes(line));
        const said = `${about}${small.lines[at]} behind ${blamed.map((line) => small.lines[line]).join(' and ')}`;
        expect(isMetWithout(small, at, others), said).toBe(false);
        for (const line of blamed) expect(isMetWithout(small, at, [...others, line]), `${said}, without one`).toBe(true);
        expect(shadows.overlap('filter', chain.name, dead.rule.rule.number)?.share).toBeCloseTo(1);
      }
      const known = liveness.dead.map(({ rule }) => lineOf(rule.rule.line));
      for (const [at, line] of small.lines.entries()) expect(met.has(at) || known.includes(at), `${about}${line}`).toBe(true);
    }
    // There was something to say.
    for (const kind of ['covered', 'uncalled', 'elsewhere'] as const)
      expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(rulesets / 50);
    expect(several).toBeGreaterThan(rulesets / 25);
    expect(opposed).toBeGreaterThan(0);
  });
});

function isMetWithout({ lines }: SmallRuleset, at: number, without: readonly number[]): boolean {
  const left = [...lines.keys()].filter((line) => !without.includes(line));
  return metLines(smallRuleset(left.map((line) => lines[line] as string))).has(left.indexOf(at));
}
