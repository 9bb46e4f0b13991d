import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../analysis/index.ts';
import { type Host, known } from '../../model/host/index.ts';
import { parseAddress, TCP, UDP } from '../../model/net/index.ts';
import type { Packet, RuleRef } from '../../model/packet/index.ts';
import { generatedScript } from '../../model/ruleset/script/generated.fixture.ts';
import { parseScript, scriptStates } from '../../model/ruleset/script/index.ts';
import { createAsk } from '../engine.ts';
import { exampleHost } from '../example-host.ts';
import { accepted } from '../measure.ts';
import { continuing, opening, replyTo } from '../probes.ts';
import { createFollower } from './follower.ts';

/** Answers by few rules must be those by all rules. */
const folder = new URL('../../../testdata/scripts/', import.meta.url);
const host = exampleHost({});

function address(text: string): bigint {
  return parseAddress(text)?.value ?? 0n;
}

const packets: readonly Packet[] = ([4, 6] as const).flatMap((family) => {
  const [peer, local] = family === 4 ? ['10.0.0.1', '198.51.100.10'] : ['2001:db8::1', '2001:db8::10'];
  return [22, 80, 8080].flatMap((dport) => {
    const ends = { family, src: address(peer), dst: address(local), dport };
    const first = opening({ ...ends, hook: 'input', in: 'eth0', proto: TCP });
    const datagram = opening({ ...ends, hook: 'input', in: 'eth0', proto: UDP });
    const through = opening({ ...ends, hook: 'forward', in: 'eth0', out: 'eth1', proto: TCP });
    const out = opening({ family, hook: 'output', out: 'eth0', src: ends.dst, dst: ends.src, proto: TCP, dport });
    return [first, continuing(first), datagram, through, out, replyTo(out)];
  });
});

/** What all rules of each state say, beside what the follower says. */
function compare(text: string): void {
  const script = parseScript(text, { file: 'test.sh' });
  if (!script.ok) return;
  const follow = createFollower(host, packets);
  for (const state of scriptStates(script.value)) {
    const [four, six] = [state.left(4), state.left(6)];
    const then: Host = { ...host, rulesets: { 4: known(four.ruleset), 6: known(six.ruleset) } };
    const whole = { host: then, evaluator: createEvaluator(then), ask: createAsk(then) };
    const answers = follow(state.left, new Map());
    for (const [index, packet] of packets.entries()) {
      const expected = accepted(whole, packet);
      const { held } = answers[index] ?? {};
      expect(held?.kind, `${state.step.statement.text}, packet ${index}`).toBe(expected.kind);
      if (held === undefined || held.kind === 'unknown' || expected.kind !== 'no' || held.kind !== 'no') continue;
      // The rule, by its number among all.
      expect(place(held.witnesses[0]?.trace.decidedBy), state.step.statement.text).toBe(
        place(expected.witnesses[0]?.trace.decidedBy),
      );
    }
  }
}

function place(ref: RuleRef | null | undefined): string {
  return ref == null ? 'none' : `${ref.table} ${ref.chain} ${ref.rule}`;
}

describe('few rules answer as all do', () => {
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.sh'))) {
    // Thousands of commands would take all rules too long; the follower's own speed is no matter of this.
    const text = readFileSync(new URL(name, folder), 'latin1');
    it(name, () => compare(text));
  }

  it('in scripts that nobody wrote', () => {
    fc.assert(
      fc.property(fc.constantFrom(4 as const, 6 as const), fc.nat(1_000_000), (family, seed) => {
        compare(generatedScript(family, 40, seed));
      }),
      { numRuns: 40 },
    );
  });
});
