/**
 * What the packet-space engine takes for questions of large rulesets, in processes of their own: processor time from the
 * start of Node on, the most memory that was held, the nodes made, and all of it beside iptables-legacy-restore loading the
 * same rules into the kernel of a namespace.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'rolldown';
import { type Kind, kinds } from './firewalls.ts';
import { freshProcess } from './harness/fresh-process.ts';

interface Told {
  readonly startMs: number;
  readonly verdictMs?: number;
  readonly cpuMs: number;
  readonly nodes?: number;
  readonly dead?: number;
  readonly undecided?: string;
  readonly eachMs?: number;
  readonly packetsPerSecond?: number;
}

const folder = mkdtempSync(join(tmpdir(), 'palisade-bench-'));
const say = (line: string): void => void process.stdout.write(`  ${line}\n`);
try {
  // As a release: what reads TypeScript costs nothing there.
  await build({
    input: join(import.meta.dirname, 'programs/answers.ts'),
    platform: 'node',
    output: { dir: folder, entryFileNames: 'answers.mjs' },
    logLevel: 'silent',
  });
  await small();
  await liveness('campus', 6000, 1000, 200);
  for (const kind of ['blocklist', 'policy', 'services', 'stations'] as const) await liveness(kind, 10_000, 1000, 200);
  for (const kind of ['blocklist', 'policy', 'services', 'stations'] as const) await liveness(kind, 100_000, 10_000, 600, 5000);
  await set();
  await question('diff', 'two rulesets of 5,000 rules', [saved('campus', 5000), saved('campus', 5000, 2)], 3000);
  await question(
    'diff',
    'a ruleset of 5,000 rules and the same with one more',
    [saved('policy', 5000), saved('policy', 5001)],
    3000,
  );
  for (const kind of ['campus', 'policy'] as const) {
    const { told } = await asked('what-if', [saved(kind, 5000)]);
    say(`what-if of one rule, ${kind} of 5,000: ${Math.round(told.eachMs ?? 0)} ms each${wanted(told.eachMs ?? 0, 100)}`);
  }
  for (const kind of ['campus', 'policy'] as const) {
    const { told } = await asked('trace', [saved(kind, 5000)]);
    const rate = told.packetsPerSecond ?? 0;
    say(`trace, ${kind} of 5,000: ${rate.toLocaleString('en')} packets per second of processor time (wanted: 200,000)`);
    if (rate < 200_000) process.exitCode = 1;
  }
  for (const rules of [1000, 3000, 10_000]) await liveness('sparse', rules, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
} finally {
  rmSync(folder, { recursive: true });
}

/** Rulesets that programs wrote, of at most 600 rules: which rules are live, alone and beside the whole way as one function. */
async function small(): Promise<void> {
  const root = join(import.meta.dirname, '../testdata/rulesets');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('nft-v4.save'))
    .filter((path) => readFileSync(join(root, path), 'latin1').split('\n-A ').length - 1 <= 600);
  const [alone, all]: [number, string][][] = [[], []];
  let mostMb = 0;
  for (const path of files) {
    for (const [question, times] of [
      ['liveness-alone', alone],
      ['liveness', all],
    ] as const) {
      // biome-ignore format: pairs
      const { told, rssMb } = await asked(question, [join(root, path)]);
      times?.push([told.cpuMs, path]);
      mostMb = Math.max(mostMb, rssMb);
    }
  }
  const row = (times: [number, string][]): string => {
    times.sort(([left], [right]) => right - left);
    const [worst, path] = times[0] ?? [Number.NaN, ''];
    const over = times.filter(([ms]) => ms > 300).length;
    const median = times[times.length >> 1]?.[0] ?? Number.NaN;
    return `median ${seconds(median)}, worst ${seconds(worst)} (${path})${wanted(worst, 300)}, ${over} above 0.30 s`;
  };
  say(
    `${files.length} real rulesets of at most 600 rules, every rule's liveness: ${row(alone ?? [])} · ${Math.round(mostMb)} MB${wanted(mostMb, 150)}`,
  );
  say(`the same and verdicts as functions: ${row(all ?? [])}`);
}

async function liveness(
  kind: Kind,
  rules: number,
  mostMs: number,
  mostMb: number,
  verdictMs = Number.POSITIVE_INFINITY,
): Promise<void> {
  const file = saved(kind, rules);
  const { told, rssMb } = await asked('liveness', [file]);
  const title = `${kind}, ${rules.toLocaleString('en')} rules`;
  if (told.undecided !== undefined) {
    say(`${title}: undecided after ${seconds(told.cpuMs)}, ${told.undecided} · ${Math.round(rssMb)} MB`);
    return;
  }
  const restoreMs = await restored(file);
  const verdict = told.verdictMs ?? 0;
  say(
    `${title}: verdicts ${seconds(verdict)}${wanted(verdict, verdictMs)}, and liveness ${seconds(told.cpuMs)}` +
      `${wanted(told.cpuMs, mostMs)} · ${Math.round(rssMb)} MB${wanted(rssMb, mostMb)} · ${(told.nodes ?? 0).toLocaleString('en')} nodes` +
      ` · ${told.dead} dead · iptables-legacy-restore ${seconds(restoreMs)}, ratio ${(told.cpuMs / restoreMs).toFixed(2)}`,
  );
}

/** A blocklist as one set. */
async function set(): Promise<void> {
  const members = new Set(
    [...kinds.blocklist(140_000).matchAll(/-s (\S+)\/(\d+) -j DROP/g)].map(([, address, length]) => `${address}/${length}`),
  );
  const sets = join(folder, 'sets');
  const lines = [...members].slice(0, 100_000).map((member) => `add feed ${member.replace(/\/32$/, '')}`);
  writeFileSync(sets, [`create feed hash:net family inet hashsize 65536 maxelem 200000`, ...lines, ''].join('\n'));
  const rules = join(folder, 'set.save');
  writeFileSync(
    rules,
    '# Generated by iptables-save v1.8.9\n*filter\n:INPUT DROP [0:0]\n-A INPUT -m set --match-set feed src -j DROP\n' +
      '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n',
  );
  await question('set', `a set of ${lines.length.toLocaleString('en')} networks`, [rules, sets], 1000);
}

async function question(name: string, what: string, files: readonly string[], mostMs: number): Promise<void> {
  const { told, rssMb } = await asked(name, files);
  say(`${name}, ${what}: ${seconds(told.cpuMs)}${wanted(told.cpuMs, mostMs)} · ${Math.round(rssMb)} MB`);
}

async function asked(name: string, files: readonly string[]): Promise<{ readonly told: Told; readonly rssMb: number }> {
  const { stdout, rssMb } = await freshProcess([process.execPath, join(folder, 'answers.mjs'), name, ...files]);
  return { told: JSON.parse(stdout) as Told, rssMb };
}

function saved(kind: Kind, rules: number, seed = 1): string {
  const file = join(folder, `${kind}-${rules}-${seed}.save`);
  writeFileSync(file, kinds[kind](rules, seed), 'latin1');
  return file;
}

/** The wall time of loading the rules into a kernel. */
async function restored(file: string): Promise<number> {
  const env = { XTABLES_LOCKFILE: join(folder, 'lock') };
  return (await freshProcess(['unshare', '-n', 'iptables-legacy-restore', file], env)).wallMs;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function wanted(value: number, most: number): string {
  if (most === Number.POSITIVE_INFINITY) return '';
  if (value > most) process.exitCode = 1;
  return value <= most ? ` (at most ${most})` : ` (MORE than ${most})`;
}
