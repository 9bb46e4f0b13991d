import { expect, test } from 'vitest';
import { hostFromTexts } from '../model/host/index.ts';
import { tell, value, why } from './inside.fixture.ts';
import { createKernel } from './kernel.ts';
import type { Namespace } from './namespace.ts';
import type { Run } from './run.ts';

const kernel = createKernel();

/** All that reading could have changed, by itself or by loading something. */
const everything = `
  for family in ip ip6 arp; do cat /proc/net/\${family}_tables_names 2>/dev/null || echo none; done
  nft -a list ruleset; ipset save; iptables-legacy-save; ip6tables-legacy-save
  ip -j -d link; ip -j address; ip -4 rule; ip -6 rule; ip route show table all; ip -6 route show table all
  tc qdisc show; ip xfrm policy; ip xfrm state
  cat /proc/modules 2>/dev/null || true
  grep -rsH '' /proc/sys/net | grep -v nf_conntrack_count
`;

test.each([
  ['a fresh machine', []],
  ['nft', ['iptables-nft -A INPUT -j DROP', 'ip6tables-nft -A INPUT -j DROP']],
  ['legacy', ['iptables-legacy -w 5 -A INPUT -j DROP']],
  ['sets', ['ipset create s hash:ip', 'ipset add s 192.0.2.1']],
] as const)('reading changes nothing: %s', async (_, commands) => {
  await using ns = await kernel.namespace();
  await tell(ns, ...commands, 'true');
  const counted = (text: string): string => text.replace(/^#.*$/gm, '').replace(/\[\d+:\d+\]|counter packets \d+ bytes \d+/g, '');
  // Asked once before, since these very commands may load parts of the kernel.
  await tell(ns, everything);
  const before = { generation: await kernel.generation(ns), all: counted(await tell(ns, everything)) };
  await kernel.read({ namespace: ns });
  await kernel.rights();
  const after = { generation: await kernel.generation(ns), all: counted(await tell(ns, everything)) };
  expect(after).toEqual(before);
});

test('the generation moves with every change of nf_tables and with nothing else', async ({ skip }) => {
  await using ns = await kernel.namespace();
  const first = await kernel.generation(ns);
  if (first === null) return skip();
  await tell(ns, 'iptables-legacy -w 5 -A INPUT -j DROP', 'ipset create s hash:ip', 'iptables-nft-save', 'nft list ruleset');
  expect(await kernel.generation(ns)).toBe(first);
  const seen = new Set([first]);
  for (const command of [
    'iptables-nft -A INPUT -j DROP',
    'ip6tables-nft -P INPUT DROP',
    'nft add table inet t',
    'nft flush ruleset',
  ]) {
    await tell(ns, command);
    const next = await kernel.generation(ns);
    expect(next).not.toBeNull();
    seen.add(next ?? first);
  }
  expect(seen.size).toBe(5);
  // Each namespace has its own.
  await using other = await kernel.namespace();
  expect(await kernel.generation(other)).toBe(first);
});

/** Everything that is run, with the answer of the machine. */
function listening(ns: Namespace): { readonly namespace: Namespace; readonly asked: string[] } {
  const asked: string[] = [];
  const run: Run = async (request) => {
    asked.push(request.argv.join(' '));
    return ns.run(request);
  };
  return { namespace: { ...ns, run, [Symbol.asyncDispose]: () => Promise.resolve() }, asked };
}

test('a chain of many rules is listed once, and what was not looked for is said', async () => {
  await using ns = await kernel.namespace();
  const lines = Array.from({ length: 10_001 }, (_, at) => `-A INPUT -s 10.0.${at >> 8}.${at & 255} -j DROP`);
  for (let start = 0; start < lines.length; start += 250) {
    const input = `*filter\n:INPUT ACCEPT\n${lines.slice(start, start + 250).join('\n')}\nCOMMIT\n`;
    expect(await ns.run({ argv: ['iptables-nft-restore', '--noflush'], input })).toMatchObject({ status: 0 });
  }
  await tell(ns, 'ip6tables-nft -A INPUT -j ACCEPT');
  const { namespace, asked } = listening(ns);
  const host = hostFromTexts(await kernel.read({ namespace }));
  expect(value(host.rulesets[4]).tables[0]?.rules.length).toBe(10_001);
  expect(why(host.nativeRules[4])).toMatch(/not looked for: table filter holds 10001 rules.*\| put the addresses into an ipset/);
  expect(value(host.nativeRules[6])).toEqual([]);
  // One listing of the family's rules, and none of the commands for which nft fetches every rule.
  expect(
    asked.filter((command) => /ip6?tables-nft-save|list (ruleset|tables)\b|list table ip filter/.test(command)).sort(),
  ).toEqual(['ip6tables-nft-save -c', 'iptables-nft-save -c']);
});

/** A kernel that has loaded none of these, as far as its files say. */
function unloaded(run: Run): Run {
  const ended = { kind: 'exited', status: 0, stdout: '', stderr: '', durationMs: 0 } as const;
  return async (request) => {
    const [tool, path] = request.argv;
    if (tool === 'uname') return { ...ended, stdout: '5.4.0-test\n' };
    if (path === '/proc/modules') return { ...ended, stdout: 'virtio_net 1 0 - Live\n' };
    if (path?.endsWith('modules.builtin')) return { ...ended, stdout: 'kernel/net/ipv4/tunnel4.ko\n' };
    return run(request);
  };
}

test('no tool is asked that would make the kernel load a module', async () => {
  await using ns = await kernel.namespace();
  const { namespace, asked } = listening(ns);
  const host = hostFromTexts(await kernel.read({ namespace: { ...namespace, run: unloaded(namespace.run) } }));
  expect(asked.filter((command) => /^(nft|ip6?tables|ipset|ip .*xfrm)/.test(command))).toEqual([]);
  expect(value(host.rulesets[4]).tables).toEqual([]);
  expect(value(host.sets).size).toBe(0);
  expect(value(host.foreignChains)).toEqual([]);
  for (const fact of [host.nativeRules[4], host.flowtables]) expect(value<unknown>(fact)).toEqual([]);
  expect(value(host.xfrm).states).toBe(0);
  const other = createKernel({ run: unloaded(kernel.run) });
  expect(await other.generation(ns)).toBeNull();
  const before = asked.length;
  await createKernel({ run: unloaded(namespace.run) }).rights();
  expect(asked.slice(before).filter((command) => /^(nft|ipset)/.test(command))).toEqual([]);
});
