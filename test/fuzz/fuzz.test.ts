import { describe, expect, it } from 'vitest';
import { randomOf } from './random.ts';
import { trialAt, weights } from './targets/index.ts';

/** A slice of what `npm run fuzz` does, so that it runs when somebody needs it. */
const all = weights.map(([trials]) => trials);
const seed = 20_260_301;
const inputs = 500;

describe.each(all.map((trials) => [trials.name, trials] as const))('inputs for the parser of: %s', (_, trials) => {
  it('are the same for the same seed, and both good and bad', { timeout: 120_000 }, () => {
    let accepted = 0;
    for (let index = 0; index < inputs; index += 1) {
      const trial = trials.trial(randomOf(seed, index), false);
      expect(trials.trial(randomOf(seed, index), false).input).toEqual(trial.input);
      if (holds(trial.check)) accepted += 1;
    }
    expect(accepted).toBeGreaterThan(inputs / 50);
    expect(accepted).toBeLessThan(inputs);
  });

  it('are of a megabyte now and then', () => {
    const { length } = trials.trial(randomOf(seed, 0), true).input;
    expect(length).toBeGreaterThan(400_000);
    expect(length).toBeLessThan(4_000_000);
  });
});

/** What breaks a promise is for `npm run fuzz` to tell; here it only may not be a mistake of the fuzz itself. */
function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    expect(String(error)).toMatch(/broken promise|printed, it does not read|written, it does not read/);
    return false;
  }
}

it('an input is told by seed and number', () => {
  expect(trialAt(7, 1234).input).toEqual(trialAt(7, 1234).input);
  expect(new Set(Array.from({ length: 200 }, (_, index) => trialAt(7, index).target)).size).toBe(all.length);
});
