/**
 * `npm run soak -- apply [--times N] [--longest MS]`: palisade apply is killed (-9) at so many moments, on both backends, while others add
 * a ban; once nobody is left who would undo it, the firewall must be what it was, with the ban (see test/change/killed.ts).
 */
import { parseArgs } from 'node:util';
import { killApply } from '../change/killed.ts';
import { seeded } from '../kernel/random.ts';
import setup from '../namespace-guard.ts';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '200' },
    longest: { type: 'string', default: '2500' },
    seed: { type: 'string', default: '1' },
  },
});
const [times, longest, seed] = [values.times, values.longest, values.seed].map(Number) as [number, number, number];
const say = (line: string): void => void process.stdout.write(`${line}\n`);
await setup();
const random = seeded(seed);
const met = new Map<string, number>();
let failed = 0;
for (let turn = 0; turn < times; turn += 1) {
  // Half of them all over the change from its start, half where rules are written.
  const [since, most] = turn % 4 < 2 ? (['start', longest] as const) : (['armed', 120] as const);
  const withGuard = turn % 8 === 7;
  const { met: how, wrong } = await killApply(turn % 2 === 0 ? 'nft' : 'legacy', random.below(most), since, withGuard);
  met.set(how, (met.get(how) ?? 0) + 1);
  if (wrong.length > 0) failed += 1;
  for (const one of wrong) say(one);
  if ((turn + 1) % 10 === 0) say(`${turn + 1} of ${times}`);
}
for (const [how, count] of met)
  say(`${String(count).padStart(6)}  killed ${how === 'between' ? 'between two tables' : `${how} the change`}`);
say(`${times - failed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
