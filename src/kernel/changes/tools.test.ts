import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../clock.ts';
import { createKernel } from '../kernel.ts';
import { readModules } from '../modules.ts';
import type { Namespace } from '../namespace.ts';
import type { Change } from './change.ts';
import type { Watch } from './watch.ts';
import { watchWithTools } from './watch-tools.ts';

describe('without netlink', () => {
  let namespace: Namespace;
  let watches: readonly Watch[];
  const stop = new AbortController();
  const came: Change[] = [];
  const kinds = new Set<string>();
  const sh = async (script: string): Promise<void> => {
    const result = await namespace.run({ argv: ['sh', '-ec', script] });
    if (result.kind !== 'exited' || result.status !== 0) throw new Error(JSON.stringify(result));
  };
  let wake: (() => void) | undefined;
  beforeAll(async () => {
    namespace = await createKernel().namespace();
    await sh(
      'iptables-nft -A OUTPUT -j ACCEPT; iptables-legacy -A OUTPUT -j ACCEPT; ipset create s hash:ip timeout 60 counters; ipset add s 127.0.0.1',
    );
    watches = await watchWithTools(
      {
        run: namespace.run,
        modules: readModules(namespace.run),
        clock: systemClock,
        signal: stop.signal,
        emit: (change) => {
          came.push(change);
          kinds.add(change.kind);
          wake?.();
        },
      },
      ['nft', 'legacy', 'sets'],
      20,
    );
  });
  afterAll(async () => {
    stop.abort();
    for (const watch of watches) watch.close();
    await namespace[Symbol.asyncDispose]();
  });

  it('programs say that something changed, and nothing while packets are counted', async () => {
    expect(watches.map(({ part, how }) => [part, how()])).toEqual([
      ['nft', 'tools'],
      ['legacy', 'tools'],
      ['sets', 'tools'],
    ]);
    await sh("bash -c 'for i in {1..5}; do echo > /dev/udp/127.0.0.1/9; done 2>/dev/null; true'; sleep 0.2");
    await sh('ip6tables-nft -A INPUT -j DROP; ip6tables-legacy -P INPUT DROP; ipset add s 127.0.0.2');
    while (kinds.size < 3)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    expect(came.map(({ kind }) => kind).sort()).toEqual(['legacy', 'lost', 'nft']);
    expect(came.find(({ kind }) => kind === 'legacy')).toMatchObject({ family: 6 });
  });
});

it('without rights nothing is watched, and it is said', () => {
  const script = `
    import { createKernel } from ${JSON.stringify(new URL('../index.ts', import.meta.url).href)};
    const stop = new AbortController();
    const changes = await createKernel().changes({ signal: stop.signal });
    console.log(JSON.stringify([changes.watched(), changes.problems.map(({ message }) => message)]));
    stop.abort();
    for await (const change of changes) console.log(change);
  `;
  const said = execFileSync(
    'setpriv',
    ['--bounding-set=-net_admin,-net_raw,-sys_admin', process.execPath, '--input-type=module-typescript', '-e', script],
    { encoding: 'utf8', timeout: 20_000 },
  );
  const [watched, problems] = JSON.parse(said);
  // Where there is no table of iptables-legacy, its tools need no rights to say so.
  expect(watched).toEqual({ nft: 'unwatched', legacy: 'tools', sets: 'unwatched' });
  expect(problems).toEqual(
    expect.arrayContaining([
      'what changes in nf_tables cannot be read (EPERM)',
      'the IPv4 tables of iptables-legacy cannot be read (EPERM)',
      'the ipsets cannot be listed (EPERM)',
    ]),
  );
});
