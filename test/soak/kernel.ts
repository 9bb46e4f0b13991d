/**
 * `npm run soak -- kernel [--packets N] [--seed N] [--seeds N] [--threads N]`: packets made by chance through rulesets made
 * by chance, the interpreter against the kernel, with both backends (see test/kernel/comparison.ts).
 *
 * One seed is one firewall with twelve rulesets of one backend: odd seeds iptables-nft, even ones iptables-legacy. A seed
 * always makes the same rules and packets whatever came before it, so a run that was cut short goes on with `--seed` of
 * the first that it had not told, and a disagreement shows again with `--seed N --seeds 1`.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type Played, play } from '../kernel/comparison.ts';
import { required } from '../kernel/conditions.ts';
import { leftOutWrongly, toExercise } from '../kernel/coverage.ts';
import setup from '../namespace-guard.ts';

const rulesetsEach = 12;
const packetsEach = 2500;
const perSeed = rulesetsEach * packetsEach;
/** Of a million packets so many must have been matched by a rule with each extension. */
const leastOfMillion = 1000;
/** A few seeds repeat a disagreement; what they have left out says nothing. */
const enough = 300_000;
const mostShown = 5;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Both threads take seeds from here until none is left. */
const next = new Int32Array(isMainThread ? new SharedArrayBuffer(8) : (workerData as SharedArrayBuffer));

if (isMainThread) await lead();
else await follow();

async function follow(): Promise<void> {
  for (;;) {
    const seed = Atomics.add(next, 0, 1);
    if (seed >= Atomics.load(next, 1)) return;
    const played = await play({ backend: seed % 2 === 1 ? 'nft' : 'legacy', seed, rulesets: rulesetsEach, packetsEach });
    parentPort?.postMessage({ seed, ...played });
  }
}

async function lead(): Promise<void> {
  const { values } = parseArgs({
    options: {
      packets: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      seeds: { type: 'string' },
      threads: { type: 'string', default: String(Math.min(4, availableParallelism())) },
    },
  });
  const seeds = values.seeds === undefined ? Math.ceil(Number(values.packets) / perSeed) : Number(values.seeds);
  const [first, threads] = [Number(values.seed), Number(values.threads)];
  if (![seeds, first, threads].every((value) => Number.isSafeInteger(value) && value > 0)) {
    process.stderr.write('soak: --packets, --seed, --seeds and --threads are whole numbers above 0\n');
    process.exitCode = 2;
    return;
  }
  setup();
  next.set([first, first + seeds]);
  say(
    `soak kernel: seeds ${first} to ${first + seeds - 1}, ${(seeds * perSeed).toLocaleString('en')} packets, ${threads} threads`,
  );
  const total = { packets: 0, rulesets: 0, hanging: 0, engine: 0, wrong: [] as string[], exercised: new Map<string, number>() };
  const started = performance.now();
  const take = ({ seed, packets, rulesets, hanging, engine, wrong, exercised }: Played & { readonly seed: number }): void => {
    total.packets += packets;
    total.rulesets += rulesets;
    total.hanging += hanging;
    total.engine += engine;
    for (const report of wrong) if (total.wrong.push(report) <= mostShown) say(`\n${report}\n`);
    for (const [kind, times] of exercised) total.exercised.set(kind, (total.exercised.get(kind) ?? 0) + times);
    const rate = Math.round(total.packets / ((performance.now() - started) / 1000));
    const told = `${total.packets.toLocaleString('en')} packets, ${rate.toLocaleString('en')} a second`;
    say(`seed ${seed}: ${wrong.length === 0 ? 'agrees' : `${wrong.length} disagreements`}; ${told}`);
  };
  const broken = await Promise.all(Array.from({ length: threads }, () => run(take)));
  finish(
    total,
    broken.flatMap((why) => (why === null ? [] : [why])),
  );
}

/** One thread; resolves when it has ended, with why it broke off. */
function run(take: (played: Played & { readonly seed: number }) => void): Promise<string | null> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: next.buffer });
    let why: string | null = null;
    worker.on('message', take);
    worker.on('error', (error) => {
      why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    worker.on('exit', () => resolve(why));
  });
}

function finish({ packets, rulesets, hanging, engine, wrong, exercised }: Played, broken: readonly string[]): void {
  const least = Math.floor((leastOfMillion * packets) / 1_000_000);
  const count = (kind: string): number => exercised.get(kind) ?? 0;
  say(`\npackets that a rule with the extension matched (at least ${least.toLocaleString('en')} are wanted):`);
  for (const key of toExercise) say(`${count(key).toLocaleString('en').padStart(12)}  ${key}`);
  const others = [...exercised].filter(([kind]) => !kind.startsWith('-')).sort(([, left], [, right]) => left - right);
  say('\nand of these kinds:');
  for (const [kind, times] of others) say(`${times.toLocaleString('en').padStart(12)}  ${kind}`);
  const missing = [
    ...toExercise.filter((key) => count(key) < least).map((key) => `${key} has been matched ${count(key)} times only`),
    ...required.filter((kind) => count(kind) === 0).map((kind) => `nothing has exercised: ${kind}`),
  ];
  const failures = [
    ...broken,
    ...(packets < enough ? [] : missing),
    ...leftOutWrongly().map((key) => `${key} is left out of the comparison, and could be compared`),
    ...(wrong.length > mostShown ? [`${wrong.length - mostShown} more disagreements are not shown`] : []),
  ];
  say('');
  for (const failure of failures) say(failure);
  say(
    `${rulesets} rulesets; ${hanging.toLocaleString('en')} answers hang on what no packet says and were compared as far as they go`,
  );
  say(`of ${engine.toLocaleString('en')} packets the packet-space engine says the one verdict that the kernel gave`);
  say(`${(packets - wrong.length).toLocaleString('en').replaceAll(',', '')} passed, ${wrong.length + failures.length} failed`);
  if (wrong.length + failures.length > 0) process.exitCode = 1;
}
