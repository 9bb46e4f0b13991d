import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKernel } from '../kernel.ts';
import { libc } from '../libc.ts';
import type { Namespace } from '../namespace.ts';
import type { ChangedSet } from './change.ts';
import { openSets, type Sets } from './sets.ts';

const loaded = libc();
if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
const calls = loaded.value;

describe('members of ipsets', () => {
  let namespace: Namespace;
  let sets: Sets;
  let time = 0;
  let busy = false;
  beforeAll(async () => {
    namespace = await createKernel().namespace();
  });
  afterAll(() => namespace[Symbol.asyncDispose]());
  const sh = async (script: string, input?: string): Promise<void> => {
    const result = await namespace.run({ argv: ['sh', '-ec', script], ...(input !== undefined && { input }) });
    if (result.kind !== 'exited' || result.status !== 0) throw new Error(JSON.stringify(result));
  };
  const many = (verb: string): string =>
    Array.from({ length: 15_000 }, (_, index) => `${verb} s 10.9.${index >> 8}.${index & 255}\n`).join('');
  beforeEach(async () => {
    await sh(
      'iptables-nft -F; ipset destroy; ipset create s hash:ip counters timeout 900 comment; ipset add s 127.0.0.1 comment one; ipset add s 10.0.0.2; ipset create n hash:net; ipset add n 10.0.0.0/8; ipset add n 10.1.0.0/16 nomatch',
    );
    time = 0;
    busy = false;
    const opened = await openSets(calls, namespace.pid, { now: () => time, busy: () => busy });
    if (!opened.ok) throw new Error(opened.problems[0]?.message);
    sets = opened.value;
    return () => sets.close();
  });
  /** What a look finds so much later. */
  const looked = async (ms: number): Promise<readonly ChangedSet[]> => {
    time += ms;
    const found = await sets.look();
    if (!found.ok) throw new Error(found.problems[0]?.message);
    return found.value.changed;
  };
  const members = (name: string): readonly ChangedSet[] => [{ name, what: 'members', expires: name === 's' }];

  it('are the same whatever is counted, however long they stay, and however large the hash has become', async () => {
    await sh('iptables-nft -F; iptables-nft -A OUTPUT -m set --match-set s dst');
    await sh("bash -c 'for i in {1..5}; do echo > /dev/udp/127.0.0.1/9; done 2>/dev/null; true'");
    await sh('ipset -exist add s 10.0.0.2 timeout 300');
    await sh('ipset restore', many('add'));
    await sh('ipset restore', many('del'));
    const saved = await namespace.run({ argv: ['ipset', 'save', 's'] });
    expect(saved.kind === 'exited' && saved.stdout).toMatch(/hashsize (?!1024)\d+ [\s\S]* packets [1-9]/);
    expect(await looked(1000)).toEqual([]);
    expect(await looked(60_000)).toEqual([]);
    await sh('iptables-nft -F');
  });

  it('of whom one is exchanged for another are found within a minute', async () => {
    await sh('ipset del n 10.0.0.0/8; ipset add n 11.0.0.0/8');
    expect(await looked(1000)).toEqual([]);
    expect(await looked(49_000)).toEqual(members('n'));
    expect(await looked(60_000)).toEqual([]);
  });

  it('that become more are found at once, and then not again for half a minute', async () => {
    await sh('ipset add s 10.0.0.3');
    expect(await looked(1000)).toEqual(members('s'));
    await sh('ipset add s 10.0.0.4');
    expect(await looked(1000)).toEqual([]);
    expect(await looked(28_000)).toEqual([]);
    expect(await looked(1000)).toEqual(members('s'));
  });

  for (const [what, script, name] of [
    ['comment', 'ipset -exist add s 127.0.0.1 comment two', 's'],
    ['exception', 'ipset del n 10.1.0.0/16; ipset add n 10.1.0.0/16', 'n'],
  ] as const) {
    it(`are others with another ${what}`, async () => {
      await sh(script);
      expect(await looked(51_000)).toEqual(members(name));
    });
  }

  it('of a set that is swapped are found at once', async () => {
    await sh('ipset create x hash:net; ipset add x 10.0.0.0/8; ipset add x 12.0.0.0/8; ipset swap n x; ipset destroy x');
    expect(await looked(1000)).toEqual(members('n'));
  });

  it('of a large set are looked at seldom, and not while somebody is at work', async () => {
    await sh('ipset restore', many('add'));
    expect(await looked(1000)).toEqual(members('s'));
    await sh('ipset add s 10.8.0.1');
    busy = true;
    expect(await looked(9000)).toEqual([]);
    expect(await looked(22_000)).toEqual(members('s'));
    await sh('ipset del s 10.8.0.1');
    busy = false;
    expect(await looked(31_000)).toEqual(members('s'));
    expect(await looked(29_000)).toEqual([]);
    await sh('ipset add s 10.8.0.2');
    busy = true;
    expect(await looked(11_000)).toEqual([]);
    busy = false;
    expect(await looked(1)).toEqual(members('s'));
  });
});
