/**
 * `npm run soak -- witness [--seeds N] [--seed N] [--links N]`: each rule that is said to be live is met by its own witness in
 * the kernel: of every real ruleset of testdata that this kernel loads, in rehearsals with so many of the links that it names
 * (see test/rehearsal/witness.ts), and of rulesets made by chance in the lab (see test/kernel/witness.ts).
 *
 * A seed is one firewall with sixteen rulesets: odd seeds iptables-nft, even ones iptables-legacy. With `--seeds 0` only the
 * real rulesets are played, with `--links 0` only seeds.
 */
import { parseArgs } from 'node:util';
import { playWitnesses } from '../kernel/witness.ts';
import setup from '../namespace-guard.ts';
import { playReal } from '../rehearsal/witness.ts';
import { realRulesets } from '../space/rulesets.ts';

const rulesetsEach = 16;
const mostShown = 5;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const grouped = (count: number): string => count.toLocaleString('en');

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
    links: { type: 'string', default: '3' },
  },
});
const [seeds, first, links] = [values.seeds, values.seed, values.links].map(Number) as [number, number, number];
const unmet = new Map<string, number>();
let [rules, met, wrong] = [0, 0, 0];

if ([seeds, first, links].every((value) => Number.isSafeInteger(value) && value >= 0)) {
  setup();
  if (links > 0) await real();
  await made();
  finish();
} else {
  process.stderr.write('soak: --seeds, --seed and --links are whole numbers\n');
  process.exitCode = 2;
}

async function real(): Promise<void> {
  // Those with counters are the same rules.
  for (const path of realRulesets.filter((name) => !name.endsWith('-c.save'))) {
    const played = await playReal(path, links);
    take(played.rules, played.met, played.unmet, played.wrong);
    const told = `${played.met} of ${played.live} live rules met`;
    say(`${path}: ${played.refused === null ? told : `not loaded here: ${played.refused}`}`);
  }
}

async function made(): Promise<void> {
  for (let seed = first; seed < first + seeds; seed += 1) {
    const played = await playWitnesses({ backend: seed % 2 === 1 ? 'nft' : 'legacy', seed, rulesets: rulesetsEach });
    take(played.rules, played.met, played.unsent, played.wrong);
    say(`seed ${seed}: ${played.wrong.length === 0 ? 'agrees' : `${played.wrong.length} disagreements`}; ${grouped(met)} met`);
  }
}

function take(all: number, seen: number, others: ReadonlyMap<string, number>, reports: readonly string[]): void {
  rules += all;
  met += seen;
  for (const [why, times] of others) unmet.set(why, (unmet.get(why) ?? 0) + times);
  for (const report of reports) {
    wrong += 1;
    if (wrong <= mostShown) say(`\n${report}\n`);
  }
}

function finish(): void {
  say(`\n${grouped(rules)} rules. Live rules that none was sent to or met, by why:`);
  for (const [why, times] of [...unmet].sort(([, left], [, right]) => right - left)) say(`${grouped(times).padStart(8)}  ${why}`);
  if (wrong > mostShown) say(`${wrong - mostShown} more disagreements are not shown`);
  say(`${met} passed, ${wrong} failed`);
  if (wrong > 0) process.exitCode = 1;
}
