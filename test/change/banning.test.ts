import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { Namespace } from '../../src/kernel/index.ts';
import { type Prefix, parsePrefix } from '../../src/model/net/index.ts';
import { openReading, openStore, sayBans } from '../../src/store/index.ts';
import { banNetwork, explainBan, listBans, openActing, unbanNetwork } from '../../src/verbs/banning/index.ts';
import { takeBansAway } from '../../src/verbs/banning/stand.ts';
import { defaultSettings } from '../../src/verbs/config/index.ts';
import type { Context } from '../../src/verbs/index.ts';
import type { Ban } from '../../src/watch/index.ts';
import { kernel, must, tool } from './changing.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-banning-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function contextIn(ns: Namespace, bans: Partial<typeof defaultSettings.bans> = {}): Context {
  const silent = (): void => undefined;
  return {
    clock: systemClock,
    kernel: { ...kernel, run: ns.run, read: (asked: object) => kernel.read({ ...asked, namespace: ns }) },
    signal: new AbortController().signal,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    progress: silent,
    env: {},
    stateFolder: join(folder, 'state'),
    policyFile: join(folder, 'policy.yaml'),
    settings: { ...defaultSettings, bans: { ...defaultSettings.bans, ...bans } },
  } as unknown as Context;
}

function net(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(text);
  return prefix;
}

/** Members of a set, with how long they stay, rounded to minutes. */
async function members(ns: Namespace, set: string): Promise<readonly string[]> {
  return [...(await tool(ns, ['ipset', 'save', set])).matchAll(/^add \S+ (\S+)(?: timeout (\d+))?/gm)]
    .map(([, member, seconds]) => ((seconds ?? '0') === '0' ? String(member) : `${member} ${Math.ceil(Number(seconds) / 60)}`))
    .toSorted();
}

it('who is shut out stays so over a restart, unless a person says otherwise or he is never to be', {
  timeout: 60_000,
}, async () => {
  await using ns = await kernel.namespace();
  await tool(ns, [
    'sh',
    '-ec',
    'ip link add eth0 type veth peer name far; ip addr add 192.0.2.1/24 dev eth0; ip link set eth0 up; ip link set far up; ip route add default via 192.0.2.254',
  ]);
  mkdirSync(join(folder, 'state'), { mode: 0o700 });
  writeFileSync(
    join(folder, 'policy.yaml'),
    'palisade: 1\nincoming:\n  - { allow: ssh, from: ["203.0.113.0/28", "2001:db8:10::/64"] }\n  - { allow: https }\n',
  );
  writeFileSync(join(folder, 'list.txt'), '# others\n198.18.0.0/24\n192.0.2.0/24\n10.0.0.0/8\n2001:db8:bad::1\n');
  const context = contextIn(ns);

  expect(await banNetwork(context, { network: '198.51.100.7', for: '2h', why: 'it guesses' })).toMatchObject({
    kind: 'done',
    value: { bans: [{ source: '198.51.100.7/32', isLive: true, inKernel: true, why: 'it guesses', reach: 'new', dropped: 0 }] },
  });
  const forStart = (): string => readFileSync(join(context.stateFolder, 'bans-remembered'), 'utf8');
  expect(forStart()).toMatch(/^at \d+\n(PALISADE-NEVER[46] .* 0\n)+PALISADE-BAN4 198\.51\.100\.7 \d+\n$/);
  for (const [network, why] of [
    ['192.0.2.1', '192.0.2.1 is never shut out: it is an address of this host'],
    ['192.0.2.254', '192.0.2.254 is never shut out: it is a default gateway'],
    ['203.0.113.9', '203.0.113.9 is never shut out: the policy lets 203.0.113.0/28, 2001:db8:10::/64 log in'],
    ['203.0.113.0/24', '203.0.113.0/24 holds 203.0.113.0/28, which is never shut out: the policy lets'],
    ['2001:db8:10::77', '2001:db8:10::/64 is never shut out'],
    ['10.0.0.0/8', '10.0.0.0/8 is wider than a /16'],
  ] as const)
    expect(await banNetwork(context, { network, for: '1h' })).toMatchObject({
      kind: 'unchanged',
      problems: [{ code: 'ban-refused', message: expect.stringContaining(why) }],
    });
  expect(await banNetwork(context, { network: 'example', for: '1h' })).toMatchObject({ kind: 'invalid' });

  // The machine starts again: sets and rules are gone. Who watches puts those in that are remembered, with the time that is left.
  await tool(ns, [
    'sh',
    '-ec',
    'iptables-nft -F; iptables-nft -X; ip6tables-nft -F; ip6tables-nft -X; iptables-nft -t raw -F; iptables-nft -t raw -X; ip6tables-nft -t raw -F; ip6tables-nft -t raw -X; ipset destroy',
  ]);
  const now = systemClock.now();
  const old = Array.from({ length: 1000 }, (_, index): Ban => {
    const source: Prefix = { family: 4, length: 32, value: 0xc612_0000n + BigInt(index) };
    const by = { kind: 'incident', detector: 'd', incident: 'i' } as const;
    return { source, at: now - 60_000, until: now + 3_540_000, reach: index < 2 ? 'all' : 'new', why: 'w', by, before: 0 };
  });
  // One was over long ago, another was let in again.
  const [over, forgiven] = ['198.51.100.50/32', '198.51.100.51/32'].map((word): Ban => {
    const by = { kind: 'incident', detector: 'd', incident: 'i' } as const;
    return { source: net(word), at: now - 7_200_000, until: now - 3_600_000, reach: 'new', why: 'w', by, before: 0 };
  }) as [Ban, Ban];
  const again: Ban = { ...forgiven, at: now - 3_000_000, until: now + 600_000, before: 1 };
  must(
    sayBans(
      context.stateFolder,
      [over, forgiven, again].map((ban) => ({ kind: 'ban', ban })),
      systemClock,
      'a test',
    ),
  );
  must(
    sayBans(
      context.stateFolder,
      [{ kind: 'lift', source: '198.51.100.51/32', at: now - 1_000_000, by: 'anna' }],
      systemClock,
      'a test',
    ),
  );
  must(
    sayBans(
      context.stateFolder,
      old.map((ban) => ({ kind: 'ban', ban })),
      systemClock,
      'a test',
    ),
  );
  const store = must(openStore(context.stateFolder, { clock: systemClock, writer: 'a test' }));
  const notices: string[] = [];
  const changed: Ban[] = [];
  const acting = must(
    await openActing(contextIn(ns, { action: 'on', never: ['198.18.0.5'], lists: [join(folder, 'list.txt')] }), {
      remembered: store.read,
      changed: (ban) => changed.push(ban),
      notice: (text) => notices.push(text),
      namespace: ns,
      againMs: 300,
    }),
  );
  try {
    const there = await members(ns, 'PALISADE-BAN4');
    expect(there).toHaveLength(1000);
    expect(there).toContain('198.51.100.7 120');
    expect(there.filter((word) => word === '198.18.0.6 59')).toHaveLength(1);
    expect(there.some((word) => word.startsWith('198.18.0.5 '))).toBe(false);
    expect(await members(ns, 'PALISADE-SHUT4')).toEqual(['198.18.0.0 59', '198.18.0.1 59']);
    expect(await members(ns, 'PALISADE-NEVER6')).toContain('2001:db8:10::/64');
    // Of a list neither what is wider than it may name, nor whoever is never shut out.
    await expect.poll(() => members(ns, 'PALISADE-LIST4')).toContain('192.0.2.2/31');
    const listed = await members(ns, 'PALISADE-LIST4');
    expect(listed.some((word) => ['192.0.2.1', '192.0.2.254', '192.0.2.0/24', '10.0.0.0/8', '198.18.0.5'].includes(word))).toBe(
      false,
    );

    // What is decided now is in the kernel at once; by a source that cannot be forged all packets, soon.
    const ban = acting.bans.suspect({
      source: net('198.51.100.9/32'),
      incident: 'i',
      detector: 'd',
      at: now,
      spoofable: false,
      trusted: true,
      weight: 1,
      why: 'w',
    });
    if (ban === null) throw new Error('it is not shut out');
    acting.act?.(ban);
    await expect.poll(() => members(ns, 'PALISADE-BAN4')).toContain('198.51.100.9 15');
    await expect.poll(() => members(ns, 'PALISADE-SHUT4')).toContain('198.51.100.9 15');
    expect(changed).toMatchObject([{ reach: 'all', source: ban.source }]);

    // A person lets one in again while another writes the store.
    expect(await unbanNetwork(context, { network: '198.18.0.6', all: false })).toMatchObject({ kind: 'done' });
    expect(await unbanNetwork(context, { network: '198.18.200.6', all: false })).toMatchObject({ kind: 'unchanged' });
    await expect.poll(() => acting.bans.explain(net('198.18.0.6/32'), systemClock.now()).kind, { timeout: 3000 }).toBe('unseen');
    expect((await members(ns, 'PALISADE-BAN4')).some((word) => word.startsWith('198.18.0.6 '))).toBe(false);
    await expect.poll(forStart).not.toContain('198.18.0.6 ');
    expect(forStart()).toContain('PALISADE-BAN4 198.18.0.7 ');
    // What was told again with that counts once; whoever was let in again begins anew.
    for (const [{ source }, before] of [
      [over, 1],
      [forgiven, 0],
    ] as const)
      expect(
        acting.bans.suspect({
          source,
          incident: 'i',
          detector: 'd',
          at: now,
          spoofable: false,
          trusted: true,
          weight: 1,
          why: 'w',
        }),
      ).toMatchObject({ before });

    // Others empty the sets, and take the rules away.
    await tool(ns, ['sh', '-ec', 'ipset flush; iptables-nft -D INPUT -j PALISADE-BAN']);
    await expect.poll(() => members(ns, 'PALISADE-BAN4'), { timeout: 5000 }).toHaveLength(1002);
    await expect.poll(() => members(ns, 'PALISADE-NEVER4'), { timeout: 5000 }).toContain('192.0.2.254');
    await expect.poll(() => tool(ns, ['iptables-nft', '-S', 'INPUT']), { timeout: 5000 }).toContain('-j PALISADE-BAN');
    expect(notices).toEqual([]);

    // Taken away by uninstall, nothing comes again by itself.
    must(await takeBansAway(context, undefined));
    expect(acting.act).toBeNull();
    expect(existsSync(join(context.stateFolder, 'bans-remembered'))).toBe(false);
    await expect.poll(() => notices, { timeout: 5000 }).toEqual([expect.stringContaining('taken away by palisade uninstall')]);
    expect(await tool(ns, ['ipset', 'list', '-n'])).toBe('');
  } finally {
    await acting[Symbol.asyncDispose]();
    store[Symbol.dispose]();
  }
  expect(await explainBan(context, '198.51.100.7')).toMatchObject({
    kind: 'done',
    value: { state: 'banned', why: expect.stringMatching(/^\S+ shut 198\.51\.100\.7\/32 out until .*, since: it guesses;/) },
  });
  expect(await explainBan(context, '203.0.113.5')).toMatchObject({
    value: { state: 'free', never: 'the policy lets 203.0.113.0/28, 2001:db8:10::/64 log in (203.0.113.0/28)' },
  });
  // While nobody knows whom the policy lets log in, nobody is shut out.
  writeFileSync(context.policyFile, 'palisade: 1\nincoming: 7\n');
  const unsure = await openActing(contextIn(ns, { action: 'on' }), {
    remembered: { bans: () => [] },
    changed: () => undefined,
    notice: () => undefined,
    namespace: ns,
  });
  expect(unsure).toMatchObject({ ok: false, problems: [{ at: { line: 2 } }] });
  expect(await unbanNetwork(context, { all: true })).toMatchObject({ kind: 'done', value: { bans: [] } });
  const reading = must(openReading(context.stateFolder));
  expect(reading.bans({}).filter(({ lifted, until }) => lifted === null && until > now)).toEqual([]);
  reading[Symbol.dispose]();
  expect(await listBans(context, { past: true })).toMatchObject({
    value: { bans: expect.arrayContaining([expect.objectContaining({ source: '198.51.100.7/32', isLive: false })]) },
  });
});
