import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sliceOf } from '../../../../test/slice.ts';
import type { Family } from '../../net/index.ts';
import type { Constraint } from '../../packet/index.ts';
import { parseRuleset, type Ruleset, ruleMeaning } from '../index.ts';
import { generatedScript } from './generated.fixture.ts';
import { parseScript, runScript, type Steps } from './index.ts';

/**
 * The real shell and the real iptables as oracle: every script is run in a network namespace of its own, where each call
 * of iptables leaves behind how it ended and what iptables-save then prints. palisade must have said the same of each.
 */
type Backend = 'nft' | 'legacy';

const folder = mkdtempSync(join(tmpdir(), 'palisade-script-'));
afterAll(() => rmSync(folder, { recursive: true }));
const isRoot = process.getuid?.() === 0;
const backends = (['nft', 'legacy'] as const).filter((backend) => existsSync(`/usr/sbin/iptables-${backend}-save`));
const scripts = join(import.meta.dirname, '../../../../testdata/scripts');

const bin = join(folder, 'bin');
mkdirSync(bin);
const wrapper = `#!/bin/sh
name=\${0##*/}
case $name in ip6*) tables=ip6tables ;; *) tables=iptables ;; esac
case $name in
*-save) exec $tables-$BACKEND-save "$@" ;;
*-restore) tool=$tables-$BACKEND-restore ;;
*) tool=$tables-$BACKEND ;;
esac
$tool "$@"
status=$?
{ echo "@@ $tables $status"; $tables-$BACKEND-save; } >&9
exit $status
`;
writeFileSync(join(bin, 'iptables'), wrapper, { mode: 0o755 });
for (const name of ['ip6tables', 'iptables-restore', 'ip6tables-restore', 'iptables-save', 'ip6tables-save']) {
  symlinkSync('iptables', join(bin, name));
}
writeFileSync(join(bin, 'sudo'), '#!/bin/sh\nwhile [ "$1" = -n ] || [ "$1" = -E ]; do shift; done\nexec "$@"\n', { mode: 0o755 });

interface Call {
  readonly family: Family;
  readonly status: number;
  /** What iptables-save printed after it. */
  readonly save: string;
}

function inNamespace(command: string, environment: Readonly<Record<string, string>>, input = ''): string {
  const run = spawnSync('unshare', [isRoot ? '-n' : '-rn', 'sh', '-c', command], {
    input: Buffer.from(input, 'latin1'),
    encoding: 'latin1',
    env: { LC_ALL: 'C', XTABLES_LOCKFILE: join(folder, 'lock'), PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...environment },
    maxBuffer: 256 * 1024 * 1024,
  });
  if (run.error !== undefined) throw run.error;
  return run.stdout;
}

/** Other numbers give other commands: PALISADE_SEED=7 sh bin/dev test src/model/ruleset/script. */
const seed = Number(process.env.PALISADE_SEED ?? 20261);

let runs = 0;

/** What really happens. */
function calls(text: string, backend: Backend): readonly Call[] {
  runs += 1;
  const script = join(folder, `script-${runs}`);
  const log = join(folder, `log-${runs}`);
  writeFileSync(script, Buffer.from(text, 'latin1'));
  chmodSync(script, 0o755);
  const start = text.startsWith('#!') ? script : `sh ${script}`;
  inNamespace(`${start} 9>${log} >/dev/null 2>&1; exit 0`, { BACKEND: backend, PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin` });
  const [, ...parts] = readFileSync(log, 'latin1').split(/^@@ /m);
  return parts.map((part) => {
    const [, tables, status, save = ''] = /^(\S+) (\d+)\n([\s\S]*)$/.exec(part) ?? [];
    return { family: tables === 'ip6tables' ? 6 : 4, status: Number(status), save };
  });
}

function steps(text: string, backend: Backend): Steps {
  const script = parseScript(text, { file: 'test.sh' });
  if (!script.ok) throw new Error(JSON.stringify(script.problems));
  return runScript(script.value, { backend });
}

/** Everything but the spelling: tables with anything in them, chains in order, policies, rules in order by what they mean. */
function shape(ruleset: Ruleset | null): unknown {
  const touched = (ruleset?.tables ?? []).filter(
    (table) => table.rules.length > 0 || [...table.chains.values()].some(({ policy }) => policy !== 'ACCEPT'),
  );
  const tables = touched.map((table) => [
    table.name,
    [...table.chains.values()].map((chain) => [
      chain.name,
      chain.policy,
      chain.rules.map((rule) => certainMeaning(ruleset as Ruleset, rule)),
    ]),
  ]);
  return Object.fromEntries(tables);
}

/** A meaning as text, without the texts of what is opaque. */
function certainMeaning(ruleset: Ruleset, rule: Ruleset['tables'][number]['rules'][number]): string {
  const { constraint, effect, comment } = ruleMeaning(ruleset, rule);
  const plain = (part: Constraint): Constraint => {
    if (part.kind === 'opaque') return { ...part, text: part.text.replace(/^(?:! )?-(\w) .*|^-m (\w+) .*/, '$1$2') };
    if (part.kind === 'address' && isAll(part.ranges)) return { kind: 'always' };
    if (part.kind === 'all' || part.kind === 'any') {
      const of = inOrder(part.of.map(plain));
      return of.length === 1 ? (of[0] as Constraint) : { ...part, of };
    }
    return part.kind === 'not' ? { ...part, of: plain(part.of) } : part;
  };
  return json({ constraint: plain(constraint), effect, comment });
}

function isAll(ranges: readonly (readonly [bigint, bigint])[]): boolean {
  return ranges[0]?.[0] === 0n && (ranges[0][1] === (1n << 32n) - 1n || ranges[0][1] === (1n << 128n) - 1n);
}

function inOrder(parts: readonly Constraint[]): readonly Constraint[] {
  const byText = new Map(parts.map((part) => [json(part), part]));
  byText.delete(json({ kind: 'always' }));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, part]) => part);
}

function json(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one));
}

function parsed(save: string, family: Family): Ruleset | null {
  if (save.trim() === '') return null;
  const result = parseRuleset(save, { file: 'save', family });
  if (!result.ok) throw new Error(`${JSON.stringify(result.problems)}\n${save}`);
  return result.value;
}

/** What the kernel prints for a text, tables without anything left out. */
function canonical(text: string, family: Family, backend: Backend): string {
  const tables = `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}`;
  return text === '' ? '' : withContent(inNamespace(`${tables}-restore && ${tables}-save`, {}, text));
}

function withContent(save: string): string {
  const sections = save.split(/^(?=\*)/m).map((section) => section.replace(/^#.*\n/gm, '').replace(/\[\d+:\d+\]/g, '[0:0]'));
  return sections
    .filter((section) => /^-A|^:\S+ (?:DROP|-)/m.test(section))
    .sort()
    .join('');
}

/** `every`: how many steps lie between two whole comparisons. */
function compare(text: string, backend: Backend, every = 1): { readonly calls: readonly Call[]; readonly steps: Steps } {
  const real = calls(text, backend);
  const own = steps(text, backend);
  const about = own.steps.flatMap((step, index) =>
    (step.statement.kind === 'iptables' || step.statement.kind === 'restore') && step.outcome !== 'skipped'
      ? [{ step, index }]
      : [],
  );
  const shown = (index: number): string => `line ${about[index]?.step.statement.line}: ${about[index]?.step.statement.text}`;
  const ended = about.map(({ step }, index) => `${shown(index)}: ${step.outcome}`);
  expect(ended).toEqual(real.map(({ status }, index) => `${shown(index)}: ${status === 0 ? 'done' : 'failed'}`));
  for (const [index, call] of real.entries()) {
    const kernels = parsed(call.save, call.family);
    const { step, index: at } = about[index] as (typeof about)[number];
    const count = kernels?.tables.reduce((sum, table) => sum + table.rules.length, 0) ?? 0;
    expect(`${shown(index)}: ${step.rules[call.family]} rules`).toBe(`${shown(index)}: ${count} rules`);
    if (index % every !== 0 && index !== real.length - 1) continue;
    expect({ after: shown(index), ...(shape(own.after(at)[call.family].ruleset) as object) }).toEqual({
      after: shown(index),
      ...(shape(kernels) as object),
    });
  }
  for (const family of [4, 6] as const) {
    const last = real.findLast((call) => call.family === family)?.save ?? '';
    expect(canonical(own.left[family].ruleset.text, family, backend)).toBe(withContent(last));
  }
  return { calls: real, steps: own };
}

/** Scripts of which the shell runs what palisade says it does not understand, or that are no scripts to a shell. */
const notRun: ReadonlySet<string> = new Set(['not-understood.sh', 'prompt.sh']);
const files = readdirSync(scripts).filter((name) => name.endsWith('.sh') && !notRun.has(name));

it('has scripts of all sorts', () => {
  expect(files.length).toBeGreaterThanOrEqual(30);
});

describe.each(backends)('with iptables-%s', (backend) => {
  it.each(sliceOf(files, 2, backend === 'nft' ? 0 : 1))(
    '%s leaves after each command what the kernel then holds',
    (name) => {
      const { calls: real } = compare(readFileSync(join(scripts, name), 'latin1'), backend);
      expect(real.length).toBeGreaterThan(0);
    },
    120_000,
  );

  it.each(sliceOf([4, 6] as const, 2, backend === 'nft' ? 0 : 1))(
    'generated commands of IPv%s do what they do to the kernel',
    (family) => {
      const { calls: real } = compare(generatedScript(family, 320, seed), backend, 20);
      expect(real).toHaveLength(320);
      const good = real.filter(({ status }) => status === 0).length;
      expect(good).toBeGreaterThan(100);
      expect(real.length - good).toBeGreaterThan(40);
    },
    300_000,
  );
});

it('iptables-nft renames a built-in chain and then shows none of its rules', () => {
  const text = 'iptables -A INPUT -s 10.0.0.1 -j DROP\niptables -E INPUT z\n';
  const [before, after] = calls(text, 'nft');
  expect(before?.save).toContain('-A INPUT -s 10.0.0.1/32 -j DROP\n');
  expect(after?.status).toBe(0);
  expect(after?.save).not.toContain('10.0.0.1');
  expect(steps(text, 'nft').steps.map(({ outcome }) => outcome)).toEqual(['done', 'not-understood']);
  expect(steps(text, 'legacy').steps.map(({ outcome }) => outcome)).toEqual(['done', 'failed']);
  expect(calls(text, 'legacy').map(({ status }) => status)).toEqual([0, 1]);
});
