import { expect, test } from 'vitest';
import { hostIn, kernel, legacySaves, nftSaves, rules, through, without } from '../../test/reading/host.ts';
import { tell, value, why } from './inside.fixture.ts';
import type { Run } from './run.ts';

test.each(['nft', 'legacy'] as const)('rules of the %s backend are the rules in force', async (backend) => {
  await using ns = await kernel.namespace();
  await tell(
    ns,
    `iptables-${backend} -P INPUT DROP`,
    `iptables-${backend} -A INPUT -i lo -j ACCEPT`,
    `iptables-${backend} -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE`,
    `ip6tables-${backend} -A INPUT -s 2001:db8::/32 -j DROP`,
  );
  const host = await hostIn(ns);
  expect([...rules(host.rulesets[4])].sort()).toEqual(['-A INPUT -i lo -j ACCEPT', '-A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE']);
  expect(rules(host.rulesets[6])).toEqual(['-A INPUT -s 2001:db8::/32 -j DROP']);
  expect(
    value(host.rulesets[4])
      .tables.find(({ name }) => name === 'filter')
      ?.chains.get('INPUT')?.policy,
  ).toBe('DROP');
  const { nft, legacy } = value(host.backends[4]);
  expect([nft, legacy].map((ruleset) => ruleset?.tables.length)).toEqual(backend === 'nft' ? [2, 0] : [0, 2]);
  expect(value(host.foreignChains)).toEqual([]);
});

test.each(['nft', 'legacy'] as const)('a comment of several lines forges no rule (%s)', async (backend) => {
  await using ns = await kernel.namespace();
  const comment = ['x', '-A INPUT -s 203.0.113.66 -j ACCEPT', '-A INPUT -m comment --comment "y'].join('\n');
  const argv = [`iptables-${backend}`, '-w', '5', '-A', 'INPUT', '-m', 'comment', '--comment', comment, '-j', 'DROP'] as const;
  expect(await ns.run({ argv })).toMatchObject({ status: 0 });
  await tell(ns, `iptables-${backend} -w 5 -A INPUT -m comment --comment 'Grüße \\ "x"' -j ACCEPT`);
  const { rulesets } = await hostIn(ns);
  // Known with two rules, or unknown: never with the rule that the comment spells.
  if (rulesets[4].known) expect(rules(rulesets[4])).toHaveLength(2);
  else expect(why(rulesets[4])).toMatch(/:\d+:\d+: /);
});

test('legacy tables that were only looked at hold no rules', async () => {
  await using ns = await kernel.namespace();
  await tell(ns, 'iptables-legacy -L -n', 'iptables-nft -A INPUT -j DROP', 'ip6tables-legacy -L -n');
  const host = await hostIn(ns);
  expect(rules(host.rulesets[4])).toEqual(['-A INPUT -j DROP']);
  expect(value(host.backends[4]).legacy?.tables).toHaveLength(1);
  expect(rules(host.rulesets[6])).toEqual([]);
});

test('reading makes no legacy tables', async () => {
  await using ns = await kernel.namespace();
  await kernel.read({ namespace: ns });
  expect(await ns.run({ argv: ['cat', '/proc/net/ip_tables_names'] })).toMatchObject({ stdout: '' });
});

test('rules in both backends are unknown until one is chosen', async () => {
  await using ns = await kernel.namespace();
  await tell(ns, 'iptables-nft -A INPUT -p tcp --dport 80 -j ACCEPT', 'iptables-legacy -P INPUT DROP');
  const host = await hostIn(ns);
  expect(why(host.rulesets[4])).toMatch(/both backends hold IPv4 rules.*--backend/);
  expect(rules(host.rulesets[6])).toEqual([]);
  const { nft, legacy } = value(host.backends[4]);
  expect([nft?.tables.length, legacy?.tables.length]).toEqual([1, 1]);
  expect(rules((await hostIn(ns, 'nft')).rulesets[4])).toEqual(['-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT']);
  expect(rules((await hostIn(ns, 'legacy')).rulesets[4])).toEqual([]);
});

test('without the legacy tools: not in use while the kernel has no legacy tables, else unknown', async () => {
  await using ns = await kernel.namespace();
  await tell(ns, 'iptables-nft -A INPUT -j DROP');
  const bare = through(ns, without(legacySaves, ns.run));
  const host = await hostIn(bare);
  expect(rules(host.rulesets[4])).toEqual(['-A INPUT -j DROP']);
  expect(value(host.backends[4]).legacy).toBeNull();
  await tell(ns, 'iptables-legacy -P INPUT DROP');
  const after = await hostIn(bare);
  expect(why(after.rulesets[4])).toMatch(
    /legacy backend cannot be read: iptables-legacy-save is not installed \| install iptables/,
  );
  expect(rules(after.rulesets[6])).toEqual([]);
});

test('with the plain tools alone, their version says whose rules they show', async () => {
  await using ns = await kernel.namespace();
  await tell(ns, 'iptables-nft -A INPUT -j DROP');
  const host = await hostIn(through(ns, without([...legacySaves, ...nftSaves], ns.run)));
  expect(rules(host.rulesets[4])).toEqual(['-A INPUT -j DROP']);
  expect(value(host.backends[4]).legacy).toBeNull();
});

test('without nft, no output of iptables-nft-save proves nothing', async () => {
  await using ns = await kernel.namespace();
  const bare = through(ns, without(['nft'], ns.run));
  const host = await hostIn(bare);
  expect(why(host.rulesets[4])).toMatch(/alone does not prove.*nft is not installed.* \| install nftables/);
  expect(why(host.foreignChains)).toMatch(/nft is not installed \| install nftables/);
  await tell(ns, 'iptables-nft -A INPUT -j DROP');
  expect(rules((await hostIn(bare)).rulesets[4])).toEqual(['-A INPUT -j DROP']);
});

/** A kernel of another build, as far as its files say; all else is real. */
function pretending(files: Readonly<Record<string, string>>, failing: readonly string[], run: Run): Run {
  return async (request) => {
    const [tool, path = ''] = request.argv;
    const ended = { kind: 'exited', status: 0, stdout: '', stderr: '', durationMs: 0 } as const;
    if (failing.includes(tool))
      return { ...ended, status: 4, stderr: 'Could not fetch rule set generation id: Invalid argument\n' };
    if (tool === 'uname') return { ...ended, stdout: '5.4.0-test\n' };
    const text = tool === 'cat' ? files[path] : undefined;
    return text === undefined ? run(request) : { ...ended, stdout: text };
  };
}

const unloaded = {
  '/proc/modules': 'ip_tables 1 0 - Live\n',
  '/lib/modules/5.4.0-test/modules.builtin': 'kernel/net/ipv4/tunnel4.ko\n',
};
const loaded = { ...unloaded, '/proc/modules': 'nf_tables 1 0 - Live\n' };
const builtIn = { ...unloaded, '/lib/modules/5.4.0-test/modules.builtin': 'kernel/net/netfilter/nf_tables.ko\n' };

test('a kernel without nf_tables has no rules there, whatever its tools say', async () => {
  await using ns = await kernel.namespace();
  await tell(ns, 'iptables-legacy -A INPUT -j DROP');
  const tools = [...nftSaves, 'nft'];
  const host = await hostIn(through(ns, pretending(unloaded, tools, ns.run)));
  expect(rules(host.rulesets[4])).toEqual(['-A INPUT -j DROP']);
  expect(value(host.backends[4]).nft).toBeNull();
  expect(value(host.foreignChains)).toEqual([]);
  for (const files of [loaded, builtIn, {}]) {
    const other = await hostIn(through(ns, pretending(files, tools, ns.run)));
    expect(why(other.rulesets[4])).toMatch(/generation id: Invalid argument/);
    expect(why(other.foreignChains)).toMatch(/generation id: Invalid argument/);
  }
  // Old machines have neither the tools nor the modules.
  const old = await hostIn(through(ns, pretending(unloaded, [], without([...tools, 'iptables-nft'], ns.run))));
  expect(rules(old.rulesets[4])).toEqual(['-A INPUT -j DROP']);
});
