import { expect, test } from 'vitest';
import { hostFromTexts, type NativeRule } from '../model/host/index.ts';
import { readExpressions } from './expressions.ts';
import { createKernel } from './kernel.ts';
import { libc } from './libc.ts';
import type { Namespace } from './namespace.ts';

const kernel = createKernel();

async function tell(ns: Namespace, ...commands: readonly string[]): Promise<string> {
  const result = await ns.run({ argv: ['sh', '-ec', commands.join('\n')] });
  if (result.kind !== 'exited' || result.status !== 0) throw new Error(JSON.stringify(result));
  return result.stdout;
}

/** What the model makes of the expressions of `ip filter`. */
async function judged(ns: Namespace, text: string): Promise<readonly NativeRule[]> {
  const { texts, ...rest } = await kernel.read({ namespace: ns });
  const nftRules4 = { read: true, text, command: 'nft', warnings: '' } as const;
  const { nativeRules } = hostFromTexts({ ...rest, texts: { ...texts, nftRules4 } });
  if (!nativeRules[4].known) throw new Error(nativeRules[4].why);
  return nativeRules[4].value;
}

const rules = [
  'ip saddr @s counter drop',
  'tcp dport { 22, 80 } counter accept',
  'ip saddr 192.0.2.1-192.0.2.9 counter drop',
  'ip saddr > 192.0.2.1 counter drop',
  'ip protocol > 6 counter drop',
  'tcp window 100 counter drop',
  'tcp option maxseg size set 5 counter accept',
  '@ll,0,8 1 counter drop',
  'counter log group 5 drop',
  'counter ip ttl set 5',
  'meta mark set 1 counter',
  'ct mark set 1 counter',
  'update @s { ip saddr } counter',
  'ip saddr 192.0.2.1 drop',
  'counter name \\"c\\"',
  'ip saddr 192.0.2.1 counter drop',
  'tcp dport 22 counter accept',
  'ct state new counter accept',
] as const;

test('asked by netlink, rules of nft are told apart as by what nft itself prints', async ({ skip }) => {
  if (!libc().ok) return skip();
  await using ns = await kernel.namespace();
  await tell(
    ns,
    'iptables-nft -A INPUT -s 10.0.0.0/8 -p tcp --dport 22:30 -m limit --limit 5/min -m comment --comment x -j LOG',
    'iptables-nft -A INPUT ! -i eth0 -p tcp --tcp-flags SYN,ACK SYN -j NFLOG --nflog-group 5',
    'iptables-nft -N user',
    'iptables-nft -A INPUT -j user',
    "nft 'add set ip filter s { type ipv4_addr; flags dynamic; }'",
    "nft 'add counter ip filter c'",
    ...rules.map((rule) => `nft "add rule ip filter INPUT ${rule}"`),
  );
  const asked = await readExpressions('ip', 'filter', ns.pid);
  if (asked === undefined || !asked.read) throw new Error(JSON.stringify(asked));
  const printed = await tell(ns, 'nft --debug=netlink list table ip filter');
  const found = await judged(ns, asked.text);
  expect(found).toEqual(await judged(ns, printed));
  expect(found.length).toBeGreaterThanOrEqual(15);
  // Every rule is there, in its order: three of iptables, then those of nft.
  expect(asked.text.match(/^ip filter INPUT \d+$/gm)).toHaveLength(rules.length + 3);
});

test('a table that is not there has no rules; a process that is gone is no way in', async () => {
  await using ns = await kernel.namespace();
  const none = await readExpressions('ip6', 'nat', ns.pid);
  if (none !== undefined) expect(none).toMatchObject({ read: true, text: '' });
  expect(await readExpressions('ip', 'filter', 2 ** 22 + 1)).toBeUndefined();
});

test('chains whose names nft cannot spell are looked at too', async ({ skip }) => {
  if (!libc().ok) return skip();
  await using ns = await kernel.namespace();
  await tell(ns, 'iptables-nft -A INPUT -j ACCEPT');
  const chain = { family: 'ip', table: 'filter', name: 'a b' };
  const rule = { family: 'ip', table: 'filter', chain: 'a b', expr: [{ drop: null }] };
  const command = JSON.stringify({ nftables: [{ add: { chain } }, { add: { rule } }] });
  const added = await ns.run({ argv: ['nft', '-j', command] });
  if (added.kind !== 'exited' || added.status !== 0) throw new Error(JSON.stringify(added));
  const asked = await readExpressions('ip', 'filter', ns.pid);
  if (asked === undefined || !asked.read) throw new Error(JSON.stringify(asked));
  expect(await judged(ns, asked.text)).toMatchObject([{ chain: 'a b', why: 'a rule without a counter' }]);
});
