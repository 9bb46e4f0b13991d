import type { Backend } from '../changing.fixture.ts';
import { judge, policies, settled } from './judge.ts';
import type { Between, Place } from './place.ts';
import type { Trials } from './trial.ts';

const each = 75;

/** Bans of others in a chain of theirs and before all else, in both families, as fast as they can: four writers at once. */
function write(
  { ns, backend }: Place,
  count: number,
): { readonly done: Promise<unknown>; readonly added: readonly { line: string; family: 4 | 6 }[] } {
  const added: { line: string; family: 4 | 6 }[] = [];
  const scripts: string[] = [];
  for (const family of [4, 6] as const)
    for (const [where, words] of [
      ['f2b-sshd', '-A f2b-sshd'],
      ['INPUT', '-I INPUT 1'],
    ] as const) {
      const address = (at: string): string =>
        family === 4 ? `203.0.${where === 'INPUT' ? 114 : 115}.${at}` : `2001:db8:${where === 'INPUT' ? 'a' : 'b'}::${at}`;
      const name = `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}`;
      scripts.push(
        `i=0; while [ $i -lt ${count} ]; do i=$((i + 1)); ${name} -w 5 ${words} -s ${address('$i')} -j DROP || exit 1; done`,
      );
      for (let at = 1; at <= count; at += 1)
        added.push({ line: `-A ${where} -s ${address(String(at))}/${family === 4 ? 32 : 128} -j DROP`, family });
    }
  const runs = scripts.map(async (script) => {
    const result = await ns.run({ argv: ['sh', '-c', script], timeoutMs: 120_000 });
    if (result.kind !== 'exited' || result.status !== 0)
      throw new Error(`a writer failed: ${result.kind === 'exited' ? result.stderr : result.kind}`);
  });
  return { done: Promise.all(runs), added };
}

/** Changes are made one after the other, and some undone, for as long as others write. */
async function race(backend: Backend, count: number): Promise<readonly string[]> {
  await using place = await settled(backend);
  const { done, added } = write(place, count);
  let writing = true;
  const ended = done.finally(() => {
    writing = false;
  });
  const refuses: Between = (run) => (request) =>
    run(
      request.argv.includes(`ip6tables-${backend}-restore`)
        ? { ...request, input: '*filter\n-A NOBODYS-CHAIN\nCOMMIT\n' }
        : request,
    );
  const wrong: string[] = [];
  let changes = 0;
  for (let turn = 0; writing || turn % 4 !== 1; turn += 1) {
    const policy = turn % 2 === 0 ? policies.now : policies.old;
    // Each change is made once so that it fails at the second family and is undone, and once so that it stays.
    const said = await place.run('apply', { policy, ...(turn % 4 > 1 && { between: refuses }) });
    if (said.exit === 0) changes += 1;
    else if (turn % 4 < 2 && !/another program writes|is not what was written/.test(said.text))
      wrong.push(`${said.exit}: ${said.text}`);
  }
  await ended;
  const said = await place.run('apply', { policy: policies.now });
  wrong.push(...(await judge(place, { is: 'now', said, added })));
  return changes === 0 ? [...wrong, 'no change was made'] : wrong;
}

/** Others write rules while changes are made and undone: none of theirs may be lost. */
export const writer: Trials = (backend) => [
  { does: `others add ${each * 4} rules meanwhile`, judge: () => race(backend, each) },
  { does: 'others add 24 rules meanwhile', quick: backend === 'legacy', judge: () => race(backend, 6) },
];
