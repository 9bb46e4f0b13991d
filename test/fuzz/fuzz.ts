/**
 * `npm run fuzz [-- --inputs N --seed N --threads N]` gives every parser of palisade broken input: none may throw, hang,
 * point outside its input or answer two things. Ends with 1 when one did, and says how to see it again:
 * `npm run fuzz -- --seed N --at NUMBER` runs that one input and prints it.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { trialAt } from './targets/index.ts';
import { type Counts, type Range, runThreads } from './thread.ts';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    threads: { type: 'string', default: String(Math.min(4, availableParallelism())) },
    at: { type: 'string' },
  },
});
const [inputs, seed, threads] = [values.inputs, values.seed, values.threads].map(Number) as [number, number, number];
const chunk = 1000;
const mostShown = 20;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

if (![inputs, seed, threads].every(Number.isSafeInteger) || threads < 1) {
  process.stderr.write('fuzz: --inputs, --seed and --threads are whole numbers\n');
  process.exitCode = 2;
} else if (values.at === undefined) await all();
else one(Number(values.at));

function one(index: number): void {
  const trial = trialAt(seed, index);
  const { input } = trial;
  const text = typeof input === 'string' ? input : Buffer.from(input).toString('latin1');
  say(`${trial.target}, ${text.length} characters: ${JSON.stringify(text.slice(0, 20_000))}`);
  say(trial.check() ? 'accepted' : 'refused');
}

async function all(): Promise<void> {
  say(`fuzz: seed ${seed}, ${inputs} inputs, ${threads} threads`);
  const started = performance.now();
  const accepted = new Map<string, number>();
  const refused = new Map<string, number>();
  let given = 0;
  let done = 0;
  /** How often something went wrong, by what it is, and where it was first seen. */
  const broken = new Map<string, { count: number; readonly index: number; readonly why: string }>();
  const add = (to: Map<string, number>, counts: Counts): void => {
    for (const [target, count] of Object.entries(counts)) {
      to.set(target, (to.get(target) ?? 0) + count);
      done += count;
    }
  };
  const progress = (): void => {
    const { rss } = process.memoryUsage();
    say(
      `  ${done} done, ${total(broken)} broken, ${Math.round((performance.now() - started) / 1000)} s, ${Math.round(rss / 2 ** 20)} MB`,
    );
  };
  const ticking = setInterval(progress, 10_000);
  const listener = {
    next(): Range | null {
      if (given >= inputs) return null;
      const range = { from: given, to: Math.min(inputs, given + chunk) };
      given = range.to;
      return range;
    },
    counted(good: Counts, bad: Counts): void {
      add(accepted, good);
      add(refused, bad);
    },
    broken(index: number, why: string): void {
      const target = index < 0 ? 'a thread' : trialAt(seed, index).target;
      const kind = `${target}: ${why
        .split('\n')[0]
        ?.replace(/\d+|"[^"]*"/g, '…')
        .slice(0, 100)}`;
      const before = broken.get(kind);
      if (before === undefined) broken.set(kind, { count: 1, index, why });
      else before.count += 1;
    },
  };
  await Promise.all(Array.from({ length: threads }, () => runThreads(seed, listener)));
  clearInterval(ticking);
  progress();
  for (const target of [...new Set([...accepted.keys(), ...refused.keys()])].sort())
    say(`  ${target}: ${accepted.get(target) ?? 0} accepted, ${refused.get(target) ?? 0} refused`);
  for (const { count, index, why } of [...broken.values()].slice(0, mostShown))
    say(`${count} times, first --seed ${seed} --at ${index}:\n${why.slice(0, 2000)}`);
  say(
    broken.size === 0
      ? `fuzz: nothing broke in ${inputs} inputs`
      : `fuzz: ${total(broken)} inputs broke a promise, in ${broken.size} ways`,
  );
  if (broken.size > 0) process.exitCode = 1;
}

function total(broken: ReadonlyMap<string, { readonly count: number }>): number {
  return broken.values().reduce((sum, { count }) => sum + count, 0);
}
