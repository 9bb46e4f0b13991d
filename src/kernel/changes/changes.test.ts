import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKernel, type Kernel } from '../kernel.ts';
import type { Namespace } from '../namespace.ts';
import type { Change, ChangedSet, Changes } from './index.ts';

/** A namespace, its changes as they come, and a shell in it. */
interface Followed {
  readonly namespace: Namespace;
  readonly changes: Changes;
  sh(script: string): Promise<void>;
  /** All that comes until one is as wanted, that one last. */
  until(wanted: (change: Change) => boolean): Promise<readonly Change[]>;
  /** All that comes in so long, and what came before. */
  during(ms: number): Promise<readonly Change[]>;
  end(): Promise<void>;
}

const kernel: Kernel = createKernel();

async function follow(before = 'true', options: { readonly receiveBufferBytes?: number } = {}): Promise<Followed> {
  const namespace = await kernel.namespace();
  const sh = async (script: string): Promise<void> => {
    const result = await namespace.run({ argv: ['sh', '-ec', script], timeoutMs: 30_000 });
    if (result.kind !== 'exited' || result.status !== 0) throw new Error(`${script}: ${JSON.stringify(result)}`);
  };
  await sh(before);
  const stop = new AbortController();
  const changes = await kernel.changes({ namespace, signal: stop.signal, leastMs: 30, ...options });
  const came: Change[] = [];
  let wake: (() => void) | undefined;
  const following = (async () => {
    for await (const change of changes) {
      came.push(change);
      wake?.();
    }
  })();
  return {
    namespace,
    changes,
    sh,
    async until(wanted) {
      const all: Change[] = [];
      for (;;) {
        for (let change = came.shift(); change !== undefined; change = came.shift()) {
          all.push(change);
          if (wanted(change)) return all;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async during(ms) {
      await sleep(ms);
      return came.splice(0);
    },
    async end() {
      stop.abort();
      await following;
      await namespace[Symbol.asyncDispose]();
    },
  };
}

/** 40 packets over loopback of each family, to a port where nobody is, and as many answers that nobody is. */
const packets = "bash -c 'for i in {1..40}; do echo > /dev/udp/127.0.0.1/9; echo > /dev/udp/::1/9; done 2>/dev/null; true'";
const tablesOf = (family: 4 | 6): string => (family === 4 ? 'iptables' : 'ip6tables');
const address = { 4: '10.0.0.1', 6: '2001:db8::1' } as const;

describe('rules of nf_tables', () => {
  let followed: Followed;
  beforeAll(async () => {
    followed = await follow('for t in iptables-nft ip6tables-nft; do $t -N mine; $t -A INPUT -p tcp --dport 1 -j ACCEPT; done');
  });
  afterAll(() => followed.end());

  it('are told of by the kernel', () => {
    expect(followed.changes.watched().nft).toBe('told');
  });

  for (const family of [4, 6] as const) {
    for (const [what, command, chain] of [
      ['a rule more', `-A INPUT -s ${address[family]} -j ACCEPT`, 'INPUT'],
      ['a rule in the place of another', `-R INPUT 1 -p tcp --dport 2 -j ACCEPT`, 'INPUT'],
      ['a rule less', `-D INPUT 1`, 'INPUT'],
      ['another policy', '-P FORWARD DROP', 'FORWARD'],
      ['a chain with another name', '-E mine yours', 'yours'],
    ] as const) {
      it(`of IPv${family}: ${what}`, async () => {
        await followed.sh(`${tablesOf(family)}-nft ${command}`);
        const change = (await followed.until(({ kind }) => kind === 'nft')).at(-1);
        expect(change).toMatchObject({
          kind: 'nft',
          generation: await kernel.generation(followed.namespace),
          commits: 1,
          more: false,
          by: { how: 'named', processes: [{ program: `${tablesOf(family)}-nft` }] },
        });
        const touched = change?.kind === 'nft' ? change.touched : [];
        expect(touched).toMatchObject([{ family: family === 4 ? 'ip' : 'ip6', table: 'filter' }]);
        expect(touched[0]?.chains).toContain(chain);
      });
    }
  }

  it('are told of where nft made them', async () => {
    await followed.sh("nft 'add table inet other; add chain inet other c; add set inet other s { type ipv4_addr; }'");
    const change = (await followed.until(({ kind }) => kind === 'nft')).at(-1);
    expect(change).toMatchObject({
      touched: [{ family: 'inet', table: 'other', chains: ['c'], beside: true }],
      by: { how: 'named' },
    });
  });

  it('are not told of where a transaction fails', async () => {
    await followed.sh('! iptables-nft -A nosuch -j ACCEPT 2>/dev/null; ! nft add rule ip filter INPUT jump nosuch 2>/dev/null');
    expect(await followed.during(100)).toEqual([]);
  });

  it('changed two hundred times at once are told of to the last', async () => {
    await followed.sh(
      'i=0; while [ $i -lt 200 ]; do nft add rule inet other c counter & i=$((i+1)); [ $((i % 8)) -ne 0 ] || wait; done; wait',
    );
    const last = await kernel.generation(followed.namespace);
    const all = await followed.until((change) => change.kind === 'nft' && change.generation === last);
    let commits = 0;
    for (const change of all) if (change.kind === 'nft') commits += change.commits;
    expect(commits).toBe(200);
  });
});

it('what nf_tables tells and nobody has room for is said to be lost, and what comes after is told', async () => {
  const followed = await follow('iptables-nft -N many', { receiveBufferBytes: 16_384 });
  const rules = Array.from({ length: 250 }, (_, index) => `-A many -s 10.${index >> 8}.${index & 255}.1 -j DROP`);
  // Waiting for it, we read nothing.
  const [tool, ...enter] = followed.namespace.enter;
  execFileSync(tool, [...enter, 'iptables-nft-restore', '--noflush'], { input: `*filter\n${rules.join('\n')}\nCOMMIT\n` });
  expect((await followed.until(({ kind }) => kind === 'lost')).at(-1)).toMatchObject({ of: 'nft' });
  await followed.sh('iptables-nft -A INPUT -j ACCEPT');
  const last = await kernel.generation(followed.namespace);
  const told = await followed.until((change) => change.kind === 'nft' && change.generation === last);
  expect(told.at(-1)).toMatchObject({ touched: [{ family: 'ip', chains: expect.arrayContaining(['INPUT']) }] });
  await followed.end();
});

describe('tables of iptables-legacy', () => {
  let followed: Followed;
  const counted = [
    '-m limit --limit 100/sec',
    '-m quota --quota 5000',
    '-m hashlimit --hashlimit-upto 10/sec --hashlimit-name h --hashlimit-mode srcip',
    '-m recent --name r --set',
    '-m statistic --mode nth --every 3 --packet 0',
    '-m connlimit ! --connlimit-above 5',
  ];
  const rules = (tables: string): string =>
    [
      `${tables}-legacy -N mine`,
      ...counted.map(
        (rule) => `${tables}-legacy -A OUTPUT ${rule.replace('name h', `name h${tables}`).replace('name r', `name r${tables}`)}`,
      ),
    ].join('; ');
  beforeAll(async () => {
    followed = await follow(`${rules('iptables')}; ${rules('ip6tables')}; iptables-legacy -t nat -P OUTPUT ACCEPT`);
  });
  afterAll(() => followed.end());

  it('are looked at', () => {
    expect(followed.changes.watched().legacy).toBe('asked');
  });

  for (const family of [4, 6] as const) {
    for (const [what, command] of [
      ['a rule more', `-A INPUT -s ${address[family]} -p tcp --dport 1 -j ACCEPT`],
      ['a rule of the same size in its place', `-R INPUT 1 -s ${address[family]} -p tcp --dport 2 -j ACCEPT`],
      ['a rule less', '-D INPUT 1'],
      ['another policy', '-P FORWARD DROP'],
      ['a chain with another name', '-E mine your'],
    ] as const) {
      it(`of IPv${family}: ${what}`, async () => {
        await followed.sh(`${tablesOf(family)}-legacy ${command}`);
        // A busy machine may tell the last of the tests before this one only now.
        const all = await followed.until((one) => one.kind === 'legacy' && one.family === family);
        expect(all.at(-1)).toMatchObject({ kind: 'legacy', family, table: 'filter', what: 'rules' });
      });
    }
  }

  it('are the same while packets are counted, and limits and quotas used up', async () => {
    await followed.sh(packets);
    const saved = await followed.namespace.run({ argv: ['iptables-legacy-save', '-c'] });
    const counts =
      saved.kind === 'exited' ? [...saved.stdout.matchAll(/^\[(\d+):.* -m (limit|quota|hashlimit|recent|statistic)/gm)] : [];
    // What this is about did happen.
    expect(counts.map(([, count]) => Number(count) > 0)).toEqual([true, true, true, true, true]);
    expect(await followed.during(100)).toEqual([]);
  });

  it('that come are said, and none is made by looking', async () => {
    const names = (): string => readFileSync(`/proc/${followed.namespace.pid}/net/ip_tables_names`, 'latin1');
    expect(names().split('\n').sort()).toEqual(['', 'filter', 'nat']);
    await followed.sh('iptables-legacy -t raw -A PREROUTING -j ACCEPT');
    expect((await followed.until(({ kind }) => kind === 'legacy')).at(-1)).toMatchObject({ table: 'raw', what: 'appeared' });
    expect(names().split('\n').sort()).toEqual(['', 'filter', 'nat', 'raw']);
  });
});

it('which backend holds rules is said when it is another', async () => {
  const followed = await follow();
  const backend = async (): Promise<unknown> => (await followed.until(({ kind }) => kind === 'backend')).at(-1);
  await followed.sh('iptables-nft -A INPUT -j DROP');
  expect(await backend()).toMatchObject({ family: 4, holds: { nft: true, legacy: false } });
  await followed.sh('iptables-legacy -P INPUT DROP; iptables-nft -F INPUT');
  const two = [await backend(), await backend()];
  expect(two.at(-1)).toMatchObject({ family: 4, holds: { nft: false, legacy: true } });
  // Nobody asked for any other table, of either backend.
  const left = await followed.namespace.run({
    argv: ['sh', '-c', 'nft list tables; cat /proc/net/ip_tables_names /proc/net/ip6_tables_names'],
  });
  expect(left.kind === 'exited' && left.stdout.trim().split('\n')).toEqual(['table ip filter', 'filter']);
  await followed.end();
});

describe('ipsets', () => {
  let followed: Followed;
  beforeAll(async () => {
    followed = await follow(
      [
        'ipset create a hash:ip; ipset add a 10.0.0.1; ipset create b hash:ip; ipset add b 10.0.0.2; ipset create other hash:ip',
        'ipset create d hash:ip counters timeout 900; ipset add d 127.0.0.1; iptables-nft -A OUTPUT -m set --match-set d dst',
      ].join('; '),
    );
  });
  afterAll(() => followed.end());
  /** These are said, in one notice or several. */
  const all = async (...wanted: readonly ChangedSet[]): Promise<void> => {
    const said: ChangedSet[] = [];
    while (!wanted.every((set) => said.some((each) => isDeepStrictEqual(each, set)))) {
      const change = (await followed.until(({ kind }) => kind === 'sets')).at(-1);
      if (change?.kind === 'sets') said.push(...change.sets);
    }
  };

  it('are asked for', () => {
    expect(followed.changes.watched().sets).toBe('asked');
  });

  it('are the same while packets are counted and time passes', async () => {
    await followed.sh(packets);
    const saved = await followed.namespace.run({ argv: ['ipset', 'save', 'd'] });
    expect(saved.kind === 'exited' && / packets [1-9]/.test(saved.stdout)).toBe(true);
    expect(await followed.during(100)).toEqual([]);
  });

  it('with a member more, renamed, come and gone are said', async () => {
    await followed.sh(
      'ipset add a 10.0.0.3; ipset rename other another; ipset create new bitmap:port range 1-10; ipset destroy b',
    );
    await all(
      { name: 'a', what: 'members', expires: false },
      { name: 'another', from: 'other', what: 'renamed', expires: false },
      { name: 'new', what: 'created', expires: false },
      { name: 'b', what: 'destroyed', expires: false },
    );
  });

  it('made anew with other options are said, and so is what is swapped in', async () => {
    await followed.sh('ipset create fresh hash:ip; ipset add fresh 10.9.9.9; ipset swap fresh another; ipset destroy fresh');
    await followed.sh('ipset destroy new; ipset create new bitmap:port range 1-20');
    await all({ name: 'another', what: 'members', expires: false });
  });
});
