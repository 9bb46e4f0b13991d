import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Backend, type Host, hostFromTexts, type Known } from '../model/host/index.ts';
import { formatAddress, formatPrefix } from '../model/net/index.ts';
import type { Ruleset } from '../model/ruleset/index.ts';
import { createKernel } from './kernel.ts';
import type { Namespace } from './namespace.ts';
import { createRun, type Run } from './run.ts';

const kernel = createKernel();

/** Runs commands one after another inside; all must succeed. */
async function tell(ns: Namespace, ...commands: readonly string[]): Promise<void> {
  const result = await ns.run({ argv: ['sh', '-ec', commands.join('\n')] });
  if (result.kind !== 'exited' || result.status !== 0) throw new Error(JSON.stringify(result));
}

async function hostIn(ns: Namespace, backend?: Backend): Promise<Host> {
  return hostFromTexts(await kernel.read({ namespace: ns }), backend === undefined ? {} : { backend });
}

/** The machine without some tools. */
function without(tools: readonly string[], run: Run): Run {
  return async (request) => (tools.includes(request.argv[0]) ? { kind: 'missing', tool: request.argv[0] } : run(request));
}

/** Like {@link Namespace}, with another runner. */
function through(ns: Namespace, run: Run): Namespace {
  return { ...ns, run, [Symbol.asyncDispose]: () => Promise.resolve() };
}

function rules(ruleset: Known<Ruleset>): readonly string[] {
  if (!ruleset.known) throw new Error(ruleset.why);
  const { text, tables } = ruleset.value;
  return tables.flatMap((table) => table.rules.map(({ start, end }) => text.slice(start, end).replace(/^\[\d+:\d+\] /, '')));
}

function value<T>(fact: Known<T>): T {
  if (!fact.known) throw new Error(fact.why);
  return fact.value;
}

function why(fact: Known<unknown>): string {
  if (fact.known) throw new Error('it is known');
  return `${fact.why} | ${fact.remedy}`;
}

test('a machine without rules: that is known, of both families, and so is all else', async () => {
  await using ns = await kernel.namespace();
  const host = await hostIn(ns);
  for (const family of [4, 6] as const) {
    expect(rules(host.rulesets[family])).toEqual([]);
    const { nft, legacy } = value(host.backends[family]);
    expect([nft?.tables, legacy?.tables]).toEqual([[], []]);
  }
  expect(value(host.foreignChains)).toEqual([]);
  expect(value(host.sets).size).toBe(0);
  expect(value(host.links).find(({ name }) => name === 'lo')).toMatchObject({ loopback: true, up: true });
  expect(value(host.addresses).map(({ prefix }) => formatPrefix(prefix))).toEqual(['127.0.0.1/8', '::1/128']);
  expect(value(host.listeners)).toEqual([]);
  expect(value(host.sysctls).get('net.ipv4.ip_forward')).toMatch(/^[01]$/);
  expect(value(host.routes).some(({ type, prefix }) => type === 'local' && formatPrefix(prefix) === '127.0.0.0/8')).toBe(true);
});

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

test('sets; those that packets change are marked', async () => {
  await using ns = await kernel.namespace();
  await tell(
    ns,
    'ipset create fixed hash:net',
    'ipset add fixed 10.0.0.0/8',
    'ipset create seen hash:ip',
    'ipset create dying hash:ip timeout 60',
    'iptables-nft -A INPUT -m set --match-set fixed src -j SET --add-set seen src',
  );
  const sets = value((await hostIn(ns)).sets);
  expect(Array.from(sets, ([name, set]) => [name, set.volatile]).sort()).toEqual([
    ['dying', true],
    ['fixed', false],
    ['seen', true],
  ]);
});

test('links, addresses and routes', async () => {
  await using other = await kernel.namespace();
  await using ns = await kernel.namespace({
    beside: other,
    links: [
      { name: 'eth0', addresses: ['198.51.100.10/24', '2001:db8::10/64'], peer: { namespace: other, name: 'up0' } },
      { name: 'down0' },
    ],
  });
  await tell(
    ns,
    'ip link set down0 down',
    'ip link add br0 type bridge',
    'ip link add port0 type veth peer name port1',
    'ip link set port0 master br0',
    'ip address add 10.9.0.1 peer 10.9.0.2/32 dev eth0',
    'ip route add default via 198.51.100.1',
    'ip -6 route add default via fe80::1 dev eth0',
    'ip route add blackhole 192.0.2.0/24',
    'ip route add 203.0.113.0/24 nexthop via 198.51.100.2 nexthop via 198.51.100.3',
    'ip route add 10.77.0.0/16 dev eth0 table 100',
    'ip route add 10.78.0.0/16 via inet6 fe80::2 dev eth0',
  );
  const host = await hostIn(ns);
  const links = new Map(value(host.links).map((link) => [link.name, link]));
  expect(links.get('eth0')).toMatchObject({ up: true, loopback: false, kind: 'veth', master: null });
  expect(links.get('down0')).toMatchObject({ up: false });
  expect(links.get('br0')).toMatchObject({ kind: 'bridge' });
  expect(links.get('port0')).toMatchObject({ master: 'br0' });
  const addresses = value(host.addresses).map(
    ({ link, prefix, peer, scope }) => `${link} ${formatPrefix(prefix)}${peer ? ` peer ${formatPrefix(peer)}` : ''} ${scope}`,
  );
  expect(addresses).toEqual(
    expect.arrayContaining([
      'lo 127.0.0.1/8 host',
      'eth0 198.51.100.10/24 global',
      'eth0 2001:db8::10/64 global',
      'eth0 10.9.0.1/32 peer 10.9.0.2/32 global',
    ]),
  );
  const routes = value(host.routes).map(
    ({ table, type, prefix, link, gateway }) =>
      `${table} ${type} ${formatPrefix(prefix)} ${link}${gateway ? ` via ${formatAddress(gateway)}` : ''}`,
  );
  expect(routes).toEqual(
    expect.arrayContaining([
      'main unicast 0.0.0.0/0 eth0 via 198.51.100.1',
      'main unicast ::/0 eth0 via fe80::1',
      'main blackhole 192.0.2.0/24 null',
      'main unicast 203.0.113.0/24 eth0 via 198.51.100.2',
      'main unicast 203.0.113.0/24 eth0 via 198.51.100.3',
      '100 unicast 10.77.0.0/16 eth0',
      'main unicast 10.78.0.0/16 eth0 via fe80::2',
      'local local 198.51.100.10/32 eth0',
      'local broadcast 198.51.100.255/32 eth0',
    ]),
  );
});

test('routes for some sources only say for which', async () => {
  await using ns = await kernel.namespace({ links: [{ name: 'eth0', addresses: ['2001:db8::1/64'] }] });
  await tell(ns, 'ip -6 route add 2001:db8:5::/48 from 2001:db8::/64 dev eth0 metric 7');
  const routes = value((await hostIn(ns)).routes).filter(({ source }) => source !== null);
  expect(routes.map(({ prefix, source, metric }) => [formatPrefix(prefix), source && formatPrefix(source), metric])).toEqual([
    ['2001:db8:5::/48', '2001:db8::/64', 7],
  ]);
});

const listenScript = `
  import { createServer } from 'node:net';
  import { createSocket } from 'node:dgram';
  process.title = 'srv"),("x';
  const tcp = (port, host, ipv6Only) => new Promise((done) => createServer().listen({ port, host, ipv6Only }, done));
  const udp = (type, port, host) => new Promise((done) => createSocket(type).bind(port, host, done));
  await tcp(22, '0.0.0.0'); await tcp(80, '::'); await tcp(81, '::', true); await tcp(3306, '127.0.0.1');
  await tcp(3306, '::1'); await tcp(8080, '::ffff:127.0.0.1'); await tcp(90, 'fe80::1%eth0');
  await udp('udp4', 53, '198.51.100.1');
  console.log('listening');
  process.stdin.resume().on('end', () => process.exit());
`;

test('listeners, by whom and for whom', async () => {
  await using ns = await kernel.namespace({ links: [{ name: 'eth0', addresses: ['198.51.100.1/24', 'fe80::1/64'] }] });
  const [tool, ...args] = [...ns.enter, process.execPath, '--input-type=module', '-e', listenScript] as [string, ...string[]];
  const server = spawn(tool, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  const listeners = value((await hostIn(ns)).listeners);
  server.stdin.end();
  await once(server, 'exit');
  const shown = listeners.map(
    ({ proto, port, address, families, link }) =>
      `${proto} ${port} ${address ? formatAddress(address) : '*'} ${families} ${link ?? ''}`,
  );
  expect(shown.sort()).toEqual([
    'tcp 22 * 4 ',
    'tcp 3306 127.0.0.1 4 ',
    'tcp 3306 ::1 6 ',
    'tcp 80 * 4,6 ',
    'tcp 8080 127.0.0.1 4 ',
    'tcp 81 * 6 ',
    'tcp 90 fe80::1 6 eth0',
    'udp 53 198.51.100.1 4 ',
  ]);
  for (const { process: name } of listeners) expect(name).toMatch(/^srv"/);
});

test('settings are those of the namespace, links with dots and all', async () => {
  await using ns = await kernel.namespace({ links: [{ name: 'eth0.5' }] });
  await tell(
    ns,
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    'echo 2 > /proc/sys/net/ipv4/conf/eth0.5/rp_filter',
    'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6',
    'iptables-nft -A INPUT -m conntrack --ctstate NEW -j ACCEPT',
  );
  const sysctls = value((await hostIn(ns)).sysctls);
  expect(sysctls.get('net.ipv4.ip_forward')).toBe('1');
  expect(sysctls.get('net.ipv4.conf.eth0/5.rp_filter')).toBe('2');
  expect(sysctls.get('net.ipv6.conf.all.disable_ipv6')).toBe('1');
  expect(sysctls.get('net.netfilter.nf_conntrack_tcp_loose')).toMatch(/^[01]$/);
  expect(sysctls.get('net.ipv4.ip_local_port_range')).toMatch(/^\d+\t\d+$/);
  const own = readFileSync('/proc/sys/net/ipv4/tcp_syncookies', 'utf8').trim();
  expect(hostFromTexts(await kernel.read()).sysctls).toMatchObject({ known: true });
  expect(value(hostFromTexts(await kernel.read()).sysctls).get('net.ipv4.tcp_syncookies')).toBe(own);
});

const legacySaves = ['iptables-legacy-save', 'ip6tables-legacy-save'];
const nftSaves = ['iptables-nft-save', 'ip6tables-nft-save'];

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

test('without any tool all is unknown, each with what to install', async () => {
  await using ns = await kernel.namespace();
  const none: Run = async ({ argv: [tool] }) => ({ kind: 'missing', tool });
  const host = await hostIn(through(ns, none));
  const facts = [host.rulesets[4], host.rulesets[6], host.backends[4], host.foreignChains, host.sets, host.links];
  for (const fact of [...facts, host.addresses, host.routes, host.listeners, host.sysctls])
    expect(why(fact)).toMatch(/is not installed \| install [a-z]/);
});

const summaryScript = (base: string) => `
  const { createKernel } = await import(${JSON.stringify(join(base, 'kernel.ts'))});
  const { hostFromTexts } = await import(${JSON.stringify(join(base, '../model/host/index.ts'))});
  const kernel = createKernel();
  const host = hostFromTexts(await kernel.read());
  const said = (fact) => fact.known || fact.why + ' | ' + fact.remedy;
  console.log(JSON.stringify({ rights: await kernel.rights(), rules: [said(host.rulesets[4]), said(host.rulesets[6])],
    sets: said(host.sets), foreign: said(host.foreignChains), links: host.links.known, addresses: host.addresses.known,
    listeners: host.listeners.known && host.listeners.value.map(({ port, process }) => [port, process]), sysctls: host.sysctls.known, routes: host.routes.known }));
`;

/** Only root of the whole host, or of a user namespace that maps it, can become nobody. */
const mapsNobody = readFileSync('/proc/self/uid_map', 'utf8')
  .trim()
  .split('\n')
  .some((line) => {
    const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
    return first <= 65534 && 65534 < first + count;
  });

test.for([
  ['a user namespace that owns nothing here', ['unshare', '-U'], true],
  ['nobody', ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'], mapsNobody && process.geteuid?.() === 0],
] as const)('as %s: rules are unknown for want of rights, the rest is known', async ([, become, possible], { skip }) => {
  if (!possible) skip();
  await using ns = await kernel.namespace();
  await tell(ns, 'iptables-nft -A INPUT -j DROP');
  const [tool, ...args] = [
    ...ns.enter,
    process.execPath,
    '-e',
    "require('net').createServer().listen(22, () => console.log('up')); process.stdin.resume().on('end', () => process.exit())",
  ] as [string, ...string[]];
  const server = spawn(tool, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  const result = await ns.run({
    argv: [
      become[0],
      ...become.slice(1),
      process.execPath,
      '--no-warnings',
      '--input-type=module',
      '-e',
      summaryScript(import.meta.dirname),
    ],
  });
  server.stdin.end();
  await once(server, 'exit');
  if (result.kind !== 'exited' || result.status !== 0) throw new Error(JSON.stringify(result));
  const said = JSON.parse(result.stdout) as Record<string, unknown>;
  const asRoot = expect.stringMatching(/^only root may read .* \| run palisade as root$/);
  expect(said).toEqual({
    rights: { root: false, canSeeRules: false, why: expect.any(String) },
    rules: [asRoot, asRoot],
    sets: asRoot,
    foreign: asRoot,
    links: true,
    addresses: true,
    listeners: [[22, null]],
    sysctls: true,
    routes: true,
  });
});

test.skipIf(process.geteuid?.() !== 0)(
  'rights: root sees the rules; root of a user namespace without its own network does not',
  async () => {
    expect(await kernel.rights()).toMatchObject({ root: true, canSeeRules: true });
    const argv = [
      'unshare',
      '-r',
      process.execPath,
      '--no-warnings',
      '--input-type=module',
      '-e',
      summaryScript(import.meta.dirname),
    ] as const;
    const result = await createRun()({ argv });
    if (result.kind !== 'exited') throw new Error(result.kind);
    expect(JSON.parse(result.stdout)).toMatchObject({
      rights: { root: true, canSeeRules: false, why: 'this user namespace does not own the network namespace that it is in' },
      rules: [expect.stringContaining('run palisade as root'), expect.stringContaining('run palisade as root')],
    });
  },
);
