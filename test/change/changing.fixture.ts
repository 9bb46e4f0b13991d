import { createHash } from 'node:crypto';
import { type Applying, ownOf, plannedRuleset, type Wanted } from '../../src/change/index.ts';
import { createKernel, type Namespace, type Run, rehearse } from '../../src/kernel/index.ts';
import { emptyRuleset, parseRuleset, type Ruleset } from '../../src/model/ruleset/index.ts';
import { compile, readPolicy, setsText } from '../../src/policy/index.ts';
import { problemLine, type Result } from '../../src/result.ts';

export type Backend = 'nft' | 'legacy';
export const kernel = createKernel();

export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.problems.map(problemLine).join('\n'));
  return result.value;
}

/** One tool in the namespace; its output. */
export async function tool(ns: Namespace, argv: readonly [string, ...string[]], input?: string): Promise<string> {
  const result = await ns.run(input === undefined ? { argv } : { argv, input });
  if (result.kind !== 'exited' || result.status !== 0)
    throw new Error(`${argv.join(' ')}: ${result.kind === 'exited' ? result.stderr : result.kind}`);
  return result.stdout;
}

export async function saved(ns: Namespace, backend: Backend, family: 4 | 6): Promise<string> {
  const text = await tool(ns, [`${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-save`]);
  const tables = text
    .replace(/^#.*\n/gm, '')
    .replace(/\[\d+:\d+\]/g, '[0:0]')
    .split(/^(?=\*)/m)
    .filter((table) => !isEmpty(table));
  return tables.toSorted().join('');
}

/** A table without rules and own chains, all of it open: as good as none. */
function isEmpty(table: string): boolean {
  return table
    .split('\n')
    .every((line) => line === '' || line === 'COMMIT' || line.startsWith('*') || / ACCEPT \[0:0\]$/.test(line));
}

type What = Pick<Applying, 'wanted' | 'sets' | 'planned'>;

/** What a policy makes of the namespace's rules, as the kernel would print it. */
export async function wantedOf(ns: Namespace, backend: Backend, policy: string): Promise<What> {
  const read = must(
    readPolicy(policy, 'policy.yaml', { now: 0, file: () => null, fetched: () => ({ addresses: [], lacking: 'nobody asked' }) }),
  );
  const digest = (one: string): string => createHash('sha256').update(one).digest('hex');
  const compiled = compile(read, { digest, foreignLinks: [], spared: { 4: [], 6: [] }, sendsOn: false });
  const there = await tool(ns, ['ipset', 'save']);
  const current = async (family: 4 | 6): Promise<Ruleset> => {
    const text = await tool(ns, [`${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-save`]);
    return text.trim() === '' ? emptyRuleset(family, 'none') : must(parseRuleset(text, { family, file: 'now' }));
  };
  const now = { 4: await current(4), 6: await current(6) };
  const planned = { 4: plannedRuleset(now[4], compiled, 4), 6: plannedRuleset(now[6], compiled, 6) };
  const known = new Set([...there.matchAll(/^create (\S+)/gm)].map(([, name]) => name));
  const sets = compiled.sets.filter(({ name }) => !known.has(name));
  const rehearsed = must(
    await rehearse(kernel, { backend, rulesets: { 4: planned[4].text, 6: planned[6].text }, sets: there + setsText(sets) }),
  );
  await using rehearsal = rehearsed;
  const back = must(await rehearsal.readBack());
  const wanted = ([4, 6] as const).map((family): Wanted => {
    const printed = must(parseRuleset(back[family] ?? '', { family, file: 'rehearsed' }));
    return { family, own: ownOf(printed), order: ['filter', 'raw', 'mangle', 'nat'] };
  });
  return { wanted, sets, planned: { 4: ownOf(now[4]), 6: ownOf(now[6]) } };
}

export function applyingIn(ns: Namespace, backend: Backend, folder: string, seconds: number, what: What): Applying {
  const run: Run = (request) => ns.run(request);
  const lockFile = ns.env['XTABLES_LOCKFILE'] ?? '';
  return { run, backend, folder, seconds, ownSets: '', lockFile, ...what };
}
