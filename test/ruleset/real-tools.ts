import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Family } from '../../src/model/net/index.ts';
import type { Constraint } from '../../src/model/packet/index.ts';
import { parseRuleset, type Rule, type Ruleset, ruleMeaning } from '../../src/model/ruleset/index.ts';

/**
 * The real iptables as oracle. Every tool runs inside a network namespace that is made for the one call and gone after it.
 */
export type Backend = 'nft' | 'legacy';

const folder = mkdtempSync(join(tmpdir(), 'palisade-ruleset-'));
afterAll(() => rmSync(folder, { recursive: true }));

const isRoot = process.getuid?.() === 0;
export const backends: readonly Backend[] = (['nft', 'legacy'] as const).filter((backend) =>
  existsSync(`/usr/sbin/iptables-${backend}-save`),
);

/** Runs a shell script in a fresh namespace; standard input, output and errors as latin1. */
export function inNamespace(script: string, input: string): { status: number; stdout: string; stderr: string } {
  const run = spawnSync('unshare', [isRoot ? '-n' : '-rn', 'sh', '-c', script], {
    input: Buffer.from(input, 'latin1'),
    encoding: 'latin1',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', XTABLES_LOCKFILE: join(folder, 'lock') },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (run.error !== undefined) throw run.error;
  return { status: run.status ?? -1, stdout: run.stdout, stderr: run.stderr };
}

export function tool(family: Family, backend: Backend): string {
  return `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}`;
}

/** What the kernel prints back for a whole ruleset; `undefined` when the tool refuses it. */
export function loaded(family: Family, backend: Backend, text: string, counters = ''): string | undefined {
  const name = tool(family, backend);
  const run = inNamespace(`${name}-restore ${counters} && ${name}-save ${counters}`, text);
  return run.status === 0 ? run.stdout : undefined;
}

export function parsed(text: string, family?: Family): Ruleset {
  const result = parseRuleset(text, { file: 'test', ...(family === undefined ? {} : { family }) });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

/** A meaning as text, without what hangs on how a rule is written: opaque texts and effects of the unknown. */
export function certainMeaning(ruleset: Ruleset, rule: Rule): string {
  const { constraint, effect } = ruleMeaning(ruleset, rule);
  const plain = (part: Constraint): Constraint => {
    if (part.kind === 'opaque') return { ...part, text: part.text.replace(/^(?:! )?-(\w) .*|^-m (\w+) .*/, '$1$2') };
    if (part.kind === 'all' || part.kind === 'any') return { ...part, of: inOrder(part.of.map(plain)) };
    return part.kind === 'not' ? { ...part, of: plain(part.of) } : part;
  };
  return json([plain(constraint), effect]);
}

/** Parts of a conjunction in an order that does not hang on the rule's, each once. */
function inOrder(parts: readonly Constraint[]): readonly Constraint[] {
  const byText = new Map(parts.map((part) => [json(part), part]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, part]) => part);
}

function json(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one));
}

/** For the shell's `printf %b` inside single quotes. */
export function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", '\\047').replaceAll('\n', '\\n');
}
