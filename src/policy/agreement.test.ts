import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createEvaluator } from '../analysis/index.ts';
import { packetToJson } from '../model/packet/index.ts';
import { problemLine } from '../result.ts';
import { aloneHost, aloneText, type CompileOptions, compile, decide, type Policy, prove, readPolicy } from './index.ts';
import { packet, policyText } from './random-policies.fixture.ts';

const options: CompileOptions = {
  digest: (text) => createHash('sha256').update(text).digest('hex'),
  foreignLinks: ['docker0'],
  spared: { 4: [], 6: [] },
  sendsOn: false,
};

function policyOf(text: string): Policy {
  const read = readPolicy(text, 'policy.yaml', {
    now: 0,
    file: () => null,
    fetched: () => ({ addresses: [], lacking: 'nobody asked' }),
  });
  if (!read.ok) throw new Error(read.problems.map(problemLine).join('\n'));
  return read.value;
}

const said = { ACCEPT: 'accept', DROP: 'drop', REJECT: 'reject' } as const;

it('what is compiled does to every packet what the policy says', () => {
  let decided = 0;
  fc.assert(
    fc.property(policyText(false), fc.array(packet, { minLength: 40, maxLength: 40 }), (text, packets) => {
      const policy = policyOf(text);
      const compiled = compile(policy, options);
      const evaluator = createEvaluator(aloneHost(compiled));
      for (const one of packets) {
        const wanted = decide(policy, one, options);
        if (wanted === null) continue;
        decided += 1;
        const trace = evaluator.trace(one);
        const got = said[trace?.verdict as 'ACCEPT'] ?? trace?.verdict;
        expect(got, `${JSON.stringify(packetToJson(one))}\n${text}\n${aloneText(compiled, one.family)}`).toBe(wanted);
      }
    }),
    { numRuns: Number(process.env['PALISADE_RUNS'] ?? 150) },
  );
  expect(decided).toBeGreaterThan(1000);
}, 120_000);

it('the engine proves it of every packet', () => {
  fc.assert(
    fc.property(policyText(true), (text) => {
      const policy = policyOf(text);
      const compiled = compile(policy, options);
      const wrong = prove(policy, compiled, options).ways.filter(({ kind }) => kind !== 'equal');
      const shown = wrong.map((way) => ({
        ...way,
        ...('packet' in way && way.packet !== null && { packet: packetToJson(way.packet) }),
      }));
      expect(shown, `${text}\n${wrong.map(({ family }) => aloneText(compiled, family)).join('')}`).toEqual([]);
    }),
    { numRuns: Number(process.env['PALISADE_RUNS'] ?? 60) },
  );
}, 120_000);
