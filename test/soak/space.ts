/**
 * `npm run soak -- space [--packets N] [--seed N] [--seeds N] [--threads N]`: packets made by chance, most of them at the
 * edges of rules, through every real ruleset of testdata and through rules made by chance: the packet-space engine against
 * the interpreter (see test/space/comparison.ts). No packet may meet a rule that is said to be dead. It needs no kernel.
 *
 * The first seeds are the real rulesets, those behind them make rules. `--packets` are dealt out evenly over the seeds; a
 * seed always begins with the same packets, so a disagreement shows again with `--seed N --seeds 1`.
 */
import { availableParallelism } from 'node:os';
import { inspect, parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type Played, play } from '../space/comparison.ts';
import { realRulesets } from '../space/rulesets.ts';

/** Rulesets made by chance, besides all real ones. */
const madeAtLeast = 1000;
const mostShown = 5;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const grouped = (count: number): string => count.toLocaleString('en');

interface Told extends Played {
  readonly seed: number;
}

/** All threads take seeds from here until none is left: the next one, where to end, packets for each. */
const next = new Int32Array(isMainThread ? new SharedArrayBuffer(12) : (workerData as SharedArrayBuffer));

if (isMainThread) await lead();
else follow();

function follow(): void {
  for (;;) {
    const seed = Atomics.add(next, 0, 1);
    if (seed >= Atomics.load(next, 1)) return;
    try {
      parentPort?.postMessage({ seed, ...play(seed, Atomics.load(next, 2), true) });
    } catch (error) {
      throw new Error(`seed ${seed} broke off`, { cause: error });
    }
  }
}

async function lead(): Promise<void> {
  const { values } = parseArgs({
    options: {
      packets: { type: 'string', default: '10000000' },
      seed: { type: 'string', default: '1' },
      seeds: { type: 'string', default: String(realRulesets.length + madeAtLeast) },
      threads: { type: 'string', default: String(Math.min(4, availableParallelism())) },
    },
  });
  const [packets, first, seeds, threads] = [values.packets, values.seed, values.seeds, values.threads].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  if (![packets, first, seeds, threads].every((value) => Number.isSafeInteger(value) && value > 0)) {
    process.stderr.write('soak: --packets, --seed, --seeds and --threads are whole numbers above 0\n');
    process.exitCode = 2;
    return;
  }
  const each = Math.ceil(packets / seeds);
  next.set([first, first + seeds, each]);
  say(`soak space: seeds ${first} to ${first + seeds - 1}, ${grouped(each * seeds)} packets, ${threads} threads`);
  const started = performance.now();
  const all: Told[] = [];
  let [done, shown] = [0, 0];
  const take = (told: Told): void => {
    all.push(told);
    done += told.packets;
    for (const report of told.wrong) {
      shown += 1;
      if (shown <= mostShown) say(`\nseed ${told.seed}: ${report}\n`);
    }
    if (all.length % 50 === 0 || told.wrong.length > 0) {
      const rate = Math.round(done / ((performance.now() - started) / 1000));
      say(`${all.length} of ${seeds} rulesets, ${grouped(done)} packets, ${grouped(rate)} a second`);
    }
  };
  const broken = await Promise.all(Array.from({ length: threads }, () => run(take)));
  finish(
    all,
    seeds,
    broken.flatMap((why) => (why === null ? [] : [why])),
  );
}

/** One thread; resolves when it has ended, with why it broke off. */
function run(take: (told: Told) => void): Promise<string | null> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: next.buffer });
    let why: string | null = null;
    worker.on('message', take);
    worker.on('error', (error) => {
      why = inspect(error);
    });
    worker.on('exit', () => resolve(why));
  });
}

function finish(all: readonly Told[], seeds: number, broken: readonly string[]): void {
  const sum = (of: (told: Told) => number): number => all.reduce((total, told) => total + of(told), 0);
  const verdicts = new Map<string, number>();
  for (const told of all)
    for (const [verdict, times] of told.verdicts) verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + times);
  const [packets, wrong] = [sum((told) => told.packets), sum((told) => told.wrong.length)];
  const real = all.filter(({ seed }) => seed <= realRulesets.length).length;
  const unfinished = broken.length === 0 && all.length < seeds ? [`${seeds - all.length} seeds were not told`] : [];
  const failures = [...broken, ...unfinished];
  say('');
  for (const failure of failures) say(failure);
  if (wrong > mostShown) say(`${grouped(wrong - mostShown)} more disagreements are not shown`);
  for (const [verdict, times] of [...verdicts].sort(([, left], [, right]) => right - left))
    say(`${grouped(times).padStart(12)}  ${verdict}`);
  say(
    `${real} real rulesets and ${all.length - real} made by chance; packets met ${grouped(sum((told) => told.met))} of ${grouped(sum((told) => told.rules))} rules, and none of ${grouped(sum((told) => told.dead ?? 0))} dead ones`,
  );
  say(`of ${all.filter(({ dead }) => dead === null).length} rulesets the budget does not tell which rules are dead`);
  say(`${grouped(sum((told) => told.unsaid))} packets do not say all, and were compared as far as they go`);
  say(`${grouped(sum((told) => told.chosen))} answers leave the kernel a choice of which the two know more or less`);
  say(`${grouped(sum((told) => told.gaveUp))} packets may end in more ways than the interpreter follows, and were not compared`);
  say(`${packets - wrong} passed, ${wrong + failures.length} failed`);
  if (wrong + failures.length > 0) process.exitCode = 1;
}
