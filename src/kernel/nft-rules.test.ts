import { expect, test } from 'vitest';
import { hostIn, kernel, rules } from '../../test/reading/host.ts';
import { hostFromTexts } from '../model/host/index.ts';
import { tell, value, why } from './inside.fixture.ts';

test('a table of iptables of which iptables-nft-save says that it cannot show it is unknown', async () => {
  await using ns = await kernel.namespace();
  await tell(ns, 'iptables-nft -A INPUT -j ACCEPT', 'nft add rule ip filter INPUT ct state new counter drop');
  const host = await hostIn(ns);
  expect(why(host.rulesets[4])).toMatch(/cannot show ip filter.*nft list table ip filter/);
  expect(why(host.backends[4])).toMatch(/cannot show ip filter/);
  expect(why((await hostIn(ns, 'nft')).rulesets[4])).toMatch(/cannot show/);
  expect(rules(host.rulesets[6])).toEqual([]);
});

/** What nft can put into iptables' tables, and iptables-nft-save 1.8.9 then prints as something else without a word. */
const disguised = [
  'ip saddr @s counter drop',
  'ip saddr { 192.0.2.1, 192.0.2.2 } counter drop',
  'tcp dport { 22, 80 } counter accept',
  'udp dport vmap { 53 : accept, 54 : drop }',
  'meta l4proto { tcp, udp } counter drop',
  'iifname { "eth0", "eth1" } counter accept',
  'ip saddr . tcp dport { 192.0.2.1 . 22 } counter accept',
  'ip saddr 192.0.2.1-192.0.2.9 counter drop',
  'ip saddr > 192.0.2.1 counter drop',
  'ip protocol > 6 counter drop',
  'tcp window 100 counter drop',
  'tcp sequence 5 counter drop',
  'udp length 40 counter drop',
  '@ll,0,8 1 counter drop',
  'counter log group 5 drop',
  'counter ip ttl set 5',
  'ip saddr 192.0.2.1 drop',
] as const;

test.each(disguised)('a rule of nft among those of iptables makes them unknown: %s', async (rule) => {
  await using ns = await kernel.namespace();
  await tell(
    ns,
    'iptables-nft -A INPUT -j ACCEPT',
    "nft 'add set ip filter s { type ipv4_addr; }'",
    `nft 'add rule ip filter INPUT ${rule}'`,
  );
  // Other versions of the tool may see it themselves.
  expect(why((await hostIn(ns)).rulesets[4])).toMatch(
    /nft made rules by itself in ip filter INPUT .*handle \d+|cannot show|could not be read/,
  );
});

/** Everything below is iptables' own, and must not be taken for nft's. */
const ownRules = [
  '-s 10.1.0.0/16 -i eth+ -p tcp --dport 22:30 -m conntrack --ctstate NEW -m limit --limit 5/min -m comment --comment x -j LOG',
  '! -s 10.0.0.1 ! -i eth0 ! -p udp -j DROP',
  '-p tcp --tcp-flags SYN,ACK SYN -m multiport --dports 1,2 -j REJECT --reject-with tcp-reset',
  '-p udp ! --sport 53 -m mark --mark 5/0xff -j NFLOG --nflog-group 5',
  '-p icmp --icmp-type echo-request -m pkttype --pkt-type multicast -j RETURN',
  '-p icmp --icmp-type 3/4 -j ACCEPT',
  '-p icmp -m icmp --icmp-type any -j ACCEPT',
  '-f -m ttl --ttl-gt 5 -j ACCEPT',
  '-p sctp --dport 5 -j DROP',
  '-p esp -m esp --espspi 5 -j DROP',
  '-m iprange --src-range 192.0.2.1-192.0.2.9 -j DROP',
  '-m mac --mac-source aa:bb:cc:dd:ee:ff -j DROP',
  '-m length --length 40:100 -j DROP',
  '-m set --match-set s src -j DROP',
  '-m recent --set --name A',
  '-m hashlimit --hashlimit-upto 5/sec --hashlimit-name h -j ACCEPT',
  '-m addrtype --dst-type LOCAL -j ACCEPT',
  '-m dscp --dscp 1 -j ACCEPT',
  '-m tcp -p tcp --tcp-option 5 -j ACCEPT',
  '-p tcp --syn -j ACCEPT',
  '-m owner --uid-owner 0 -j ACCEPT',
  '-m quota --quota 100 -j DROP',
  '-p tcp --dport 6 -j TRACE',
  '-j user',
  '-g user',
  '',
] as const;

test('rules of iptables are not taken for rules of nft', async () => {
  await using ns = await kernel.namespace();
  const adds = ownRules.map((rule) => {
    const chain = rule.includes('--uid-owner') ? 'OUTPUT' : 'INPUT';
    return `iptables-nft -A ${chain} ${rule} || echo "${rule}"`;
  });
  const more = [
    'ip6tables-nft -A INPUT -s 2001:db8::/32 -p icmpv6 --icmpv6-type 128 -m hl --hl-eq 255 -j ACCEPT',
    'ip6tables-nft -A INPUT ! -d 2001:db8::1 -p tcp --dport 22 -m rt --rt-type 0 -j DROP',
    'iptables-nft -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to 192.0.2.1:8080',
    'iptables-nft -t nat -A POSTROUTING -o eth0 -j MASQUERADE --random',
    'iptables-nft -t nat -A OUTPUT -p tcp -j REDIRECT --to-ports 5',
    'iptables-nft -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu',
    'iptables-nft -t mangle -A PREROUTING -j MARK --set-xmark 1/1',
    'iptables-nft -t raw -A PREROUTING -p udp -j CT --notrack',
  ];
  await tell(ns, 'ipset create s hash:ip', 'iptables-nft -N user', ...more);
  const result = await ns.run({ argv: ['sh', '-c', adds.join('\n')] });
  const refused = result.kind === 'exited' ? result.stdout.split('\n').filter(Boolean) : [];
  // A kernel may lack some extension; most must be there for this to say anything.
  expect(refused.length).toBeLessThan(5);
  const host = await hostIn(ns);
  expect(rules(host.rulesets[4])).toHaveLength(ownRules.length - refused.length + more.length - 2);
  expect(rules(host.rulesets[6])).toHaveLength(2);
});

test('a table of iptables that nft hooked in elsewhere is unknown, and named', async () => {
  await using ns = await kernel.namespace();
  await tell(
    ns,
    'nft add table ip filter',
    "nft 'add chain ip filter INPUT { type filter hook input priority 10; policy drop; }'",
    'nft add rule ip filter INPUT tcp dport 22 accept',
  );
  const host = await hostIn(ns);
  expect(why(host.rulesets[4])).toMatch(/cannot show ip filter/);
  expect(value(host.foreignChains)).toEqual([
    { family: 'ip', table: 'filter', chain: 'INPUT', type: 'filter', hook: 'input', priority: 10, policy: 'drop', rules: 1 },
  ]);
});

test('base chains of nft are named beside the rules, and chains of iptables are not', async () => {
  await using ns = await kernel.namespace({ links: [{ name: 'eth0' }] });
  await tell(
    ns,
    'for table in raw mangle filter security; do iptables-nft -t $table -A OUTPUT -j ACCEPT; ip6tables-nft -t $table -A OUTPUT -j ACCEPT; done',
    'for chain in PREROUTING INPUT OUTPUT POSTROUTING; do iptables-nft -t nat -A $chain -j ACCEPT; ip6tables-nft -t nat -A $chain -j ACCEPT; done',
    'nft add table ip myt',
    "nft 'add chain ip myt c { type filter hook input priority 10; policy drop; }'",
    'nft add rule ip myt c tcp dport 22 accept',
    'nft add table inet filter',
    "nft 'add chain inet filter input { type filter hook input priority filter; }'",
    'nft add chain inet filter only_jumped_to',
    'nft add rule inet filter input jump only_jumped_to',
    'nft add rule inet filter input counter accept',
    'nft add table netdev nd',
    "nft 'add chain netdev nd in { type filter hook ingress device eth0 priority -500; }'",
    'nft add table bridge br',
    "nft 'add chain bridge br f { type filter hook forward priority filter; }'",
  );
  const host = await hostIn(ns);
  expect(rules(host.rulesets[4])).toHaveLength(8);
  const chains = value(host.foreignChains).map(({ family, table, chain, hook, priority, policy, rules: count }) =>
    [family, table, chain, hook, priority, policy, count].join(' '),
  );
  expect(chains.sort()).toEqual([
    'bridge br f forward -200 accept 0',
    'inet filter input input 0 accept 2',
    'ip myt c input 10 drop 1',
    'netdev nd in ingress -500 accept 0',
  ]);
});

test('of 20,000 rules of iptables none is listed by nft', async () => {
  await using ns = await kernel.namespace();
  const lines = Array.from(
    { length: 20_000 },
    (_, index) => `-A INPUT -s 10.${index >> 16}.${(index >> 8) & 255}.${index & 255} -j DROP`,
  );
  const tables = (rules: readonly string[]) =>
    `*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n${rules.join('\n')}\nCOMMIT\n`;
  expect(await ns.run({ argv: ['iptables-legacy-restore'], input: tables(lines) })).toMatchObject({ status: 0 });
  // Root of a user namespace may not send all of them to the kernel in one message.
  for (let start = 0; start < lines.length; start += 250) {
    const input = tables(lines.slice(start, start + 250));
    expect(await ns.run({ argv: ['iptables-nft-restore', '--noflush'], input })).toMatchObject({ status: 0 });
  }
  const texts = await kernel.read({ namespace: ns });
  const { nftChains, nftSave4 } = texts.texts;
  expect(nftChains.read && nftChains.text.length).toBeLessThan(5000);
  expect(nftSave4.read && nftSave4.text.length).toBeGreaterThan(500_000);
  expect(rules(hostFromTexts(texts, { backend: 'nft' }).rulesets[4])).toHaveLength(20_000);
});

test('a table of iptables that sleeps is listed as if it did something, and is unknown', async () => {
  await using ns = await kernel.namespace();
  await tell(
    ns,
    'iptables-nft -A INPUT -j DROP',
    "nft 'add table ip filter { flags dormant; }'",
    "nft 'add table inet other { flags dormant; }'",
  );
  await tell(ns, "nft 'add chain inet other input { type filter hook input priority 0; policy drop; }'");
  const host = await hostIn(ns);
  expect(why(host.rulesets[4])).toMatch(/ip filter is listed, and nft has put it to sleep/);
  expect(why(host.backends[4])).toMatch(/to sleep.*nft add table ip filter/);
  expect(value(host.nativeRules[4])).toMatchObject([{ table: 'ip filter', handle: 0 }]);
  expect(value(host.foreignChains)).toEqual([]);
  expect(rules(host.rulesets[6])).toEqual([]);
  await tell(ns, 'nft add table ip filter');
  expect(rules((await hostIn(ns)).rulesets[4])).toHaveLength(1);
});
