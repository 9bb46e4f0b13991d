/**
 * `npm run soak -- restore [--only rounds,meanings,kills,inputs,disk,owned,meanwhile] [--backend nft|legacy] [--times N] [--seed N]`: whole hosts are
 * lost and come back byte for byte; one becomes another under packets; palisade, who would undo it and the script that writes are killed
 * (-9) at 2 N moments of each backend (N: 30), and N / 2 times while it is undone; what must not become a host is refused; the disk fills. See test/change/whole.
 */
import { parseArgs } from 'node:util';
import type { Backend } from '../change/changing.fixture.ts';
import type { Trial } from '../change/faults/trial.ts';
import { diskTrials } from '../change/whole/disk.ts';
import { inputTrials } from '../change/whole/inputs.ts';
import { killTrials } from '../change/whole/kills.ts';
import { meaningTrials } from '../change/whole/meanings.ts';
import { meanwhileTrials } from '../change/whole/meanwhile.ts';
import { ownedTrials } from '../change/whole/owned.ts';
import { rounds } from '../change/whole/rounds.ts';
import { seeded } from '../kernel/random.ts';
import setup from '../namespace-guard.ts';

const names = ['rounds', 'meanings', 'kills', 'inputs', 'disk', 'owned', 'meanwhile'] as const;
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: names.join() },
    backend: { type: 'string', default: 'nft,legacy' },
    times: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
  },
});
const [times, seed] = [values.times, values.seed].map(Number) as [number, number];
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const backends = values.backend.split(',').filter((word): word is Backend => word === 'nft' || word === 'legacy');
const only = values.only.split(',');
const unknown = only.filter((name) => !names.some((one) => one === name));
if (unknown.length > 0) throw new Error(`--only takes ${names.join()}, and not ${unknown.join()}`);
await setup();

const met = new Map<string, number>();
const random = seeded(seed);
const below = (most: number): number => random.below(most);
const kinds: Readonly<Record<(typeof names)[number], (backend: Backend) => readonly Trial[]>> = {
  rounds,
  meanings: (backend) => meaningTrials(backend, Math.max(2, Math.ceil(times / 3))),
  kills: (backend) => killTrials(backend, times * 2, below, (how) => void met.set(how, (met.get(how) ?? 0) + 1)),
  inputs: inputTrials,
  disk: (backend) => diskTrials(backend, Math.ceil(times / 3), below),
  owned: ownedTrials,
  meanwhile: (backend) => meanwhileTrials(backend, Math.ceil(times / 10)),
};

let [passed, failed] = [0, 0];
for (const name of names)
  for (const backend of only.includes(name) ? backends : [])
    for (const { does, judge } of kinds[name](backend)) {
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
for (const [how, count] of met)
  say(`${String(count).padStart(6)}  killed ${how === 'between' ? 'between the two hosts' : `${how} the change`}`);
say(`${passed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
