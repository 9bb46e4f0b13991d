/**
 * `npm run soak -- apply [--only kills,lock,…] [--backend nft|legacy] [--times N] [--longest MS] [--seed N]`: faults of every kind (see
 * test/change/faults), on both backends; those that differ by chance N times a kind (10). Of `kills`, palisade alone, or palisade and
 * whoever would undo its change, are killed (-9) at 20 N moments of a change besides (see test/change/killed.ts).
 */
import { parseArgs } from 'node:util';
import type { Backend } from '../change/changing.fixture.ts';
import { faults, type Trial } from '../change/faults/index.ts';
import { killApply } from '../change/killed.ts';
import { type Random, seeded } from '../kernel/random.ts';
import setup from '../namespace-guard.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(faults).join() },
    backend: { type: 'string', default: 'nft,legacy' },
    times: { type: 'string', default: '10' },
    longest: { type: 'string', default: '2500' },
    seed: { type: 'string', default: '1' },
  },
});
const [times, longest, seed] = [values.times, values.longest, values.seed].map(Number) as [number, number, number];
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const backends = values.backend.split(',').filter((word): word is Backend => word === 'nft' || word === 'legacy');
const only = values.only.split(',');
const unknown = only.filter((name) => faults[name] === undefined);
if (unknown.length > 0) throw new Error(`--only takes ${Object.keys(faults).join()}, and not ${unknown.join()}`);
await setup();

const met = new Map<string, number>();

/** Half of them all over the change from its start, half where rules are written. */
function moments(backend: Backend, random: Random): readonly Trial[] {
  return Array.from({ length: times * 10 }, (_, turn) => {
    const since = turn % 2 === 0 ? 'start' : 'armed';
    const afterMs = random.below(since === 'start' ? longest : 120);
    const withGuard = turn % 4 === 3;
    return {
      does: `palisade${withGuard ? ' and whoever would undo its change are' : ' is'} killed ${afterMs} ms after ${since === 'start' ? 'its start' : 'somebody stands ready'}`,
      async judge() {
        const { met: how, wrong } = await killApply(backend, afterMs, since, withGuard);
        met.set(how, (met.get(how) ?? 0) + 1);
        return wrong;
      },
    };
  });
}

let [passed, failed] = [0, 0];
for (const name of only)
  for (const backend of backends) {
    const random = seeded(seed);
    const trials = [...(faults[name]?.(backend, times, random) ?? []), ...(name === 'kills' ? moments(backend, random) : [])];
    for (const { does, judge } of trials) {
      let wrong: readonly string[];
      try {
        wrong = await judge();
      } catch (error) {
        wrong = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
      }
      if (wrong.length === 0) passed += 1;
      else failed += 1;
      say(`${wrong.length === 0 ? 'ok    ' : 'FAILED'}  ${name} (${backend}): ${does}`);
      for (const one of wrong) say(`        ${one.replaceAll('\n', '\n        ')}`);
    }
  }
for (const [how, count] of met)
  say(`${String(count).padStart(6)}  killed ${how === 'between' ? 'between two tables' : `${how} the change`}`);
say(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
