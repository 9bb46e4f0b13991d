import { describe, expect, it } from 'vitest';
import { play } from './comparison.ts';
import { realRulesets } from './rulesets.ts';

/**
 * A slice of the soak (test/soak/space.ts): the engine against the interpreter.
 *
 * PALISADE_SEED and PALISADE_RULESETS repeat or widen the made part.
 */
const seed = Number(process.env['PALISADE_SEED'] ?? realRulesets.length + 1);
const rulesets = Number(process.env['PALISADE_RULESETS'] ?? 10);
/** Every program's rules, of one or two of its saves. */
const real = realRulesets.flatMap((path, index) => (path.endsWith('-c.save') ? [] : [index + 1])).filter((_, at) => at % 6 === 1);

describe('the engine says what the interpreter says', () => {
  it('of rules made by chance', { timeout: 240_000 }, () => {
    for (let turn = 0; turn < rulesets; turn += 1) {
      const { wrong } = play(seed + turn, 3000);
      expect(wrong.slice(0, 2).join('\n\n')).toBe('');
    }
  });

  it('of rules that other programs wrote', { timeout: 120_000 }, () => {
    for (const each of real) {
      const { wrong } = play(each, 2000);
      expect(wrong.slice(0, 2).join('\n\n')).toBe('');
    }
  });
});
