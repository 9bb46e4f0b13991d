import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { expect, test } from 'vitest';
import { type Host, hostFromTexts } from '../model/host/index.ts';
import { formatAddress, formatPrefix } from '../model/net/index.ts';
import { can, inside, tell, value, why } from './inside.fixture.ts';
import { createKernel } from './kernel.ts';
import { libc } from './libc.ts';
import type { Namespace } from './namespace.ts';
import type { Run } from './run.ts';

const kernel = createKernel();

async function hostIn(ns: Namespace): Promise<Host> {
  return hostFromTexts(await kernel.read({ namespace: ns }));
}

test('a machine with nothing special: all facts are known and say so', async () => {
  await using ns = await kernel.namespace();
  const host = await hostIn(ns);
  expect(value(host.routingRules[4]).map(({ priority, table }) => `${priority} ${table}`)).toEqual([
    '0 local',
    '32766 main',
    '32767 default',
  ]);
  expect(value(host.routingRules[6]).map(({ table }) => table)).toEqual(['local', 'main']);
  expect(value(host.xfrm)).toEqual({ states: 0, policies: { in: 0, out: 0, forward: 0, socket: 0 } });
  for (const fact of [host.flowtables, host.sessions, host.packetReaders]) expect(value<unknown>(fact)).toEqual([]);
  expect([host.nativeRules[4], host.nativeRules[6]].map(value)).toEqual([[], []]);
  expect(value(host.expectations)).toBe(0);
  expect(value(host.kernel).release).toBe(release());
  expect(value(host.kernel).build).toMatch(/./);
  expect(host.installedKernels.known).toBe(existsSync('/lib/modules'));
  if (process.geteuid?.() === 0) expect(value(host.namespaces).length).toBeGreaterThan(0);
});

test('routing rules, in their order, with what they ask for', async () => {
  await using ns = await kernel.namespace({ links: [{ name: 'eth0', addresses: ['10.0.0.1/24'] }] });
  await tell(
    ns,
    'ip rule add from 10.1.0.0/16 to 10.2.0.0/16 iif eth0 fwmark 0x1/0xff ipproto tcp dport 80-90 tos 0x10 table 100 priority 1000',
    'ip rule add not from 10.3.0.1 uidrange 0-0 lookup 101 priority 1001',
    'ip rule add prohibit from 10.4.0.0/16 priority 1002',
    'ip rule add priority 1003 goto 32766',
    'ip rule add priority 1004 oif eth0 suppress_prefixlength 0 lookup main',
    'ip rule add priority 1005 nop',
    'ip -6 rule add from 2001:db8::/64 lookup 100 priority 900',
  );
  const { routingRules } = await hostIn(ns);
  const shown = value(routingRules[4]).map(({ priority, action, table, target, not, from, to, in: link, out, mark, other }) =>
    [
      `${priority} ${action} ${table ?? target ?? ''}`,
      not ? 'not' : '',
      from ? `from ${formatPrefix(from)}` : '',
      to ? `to ${formatPrefix(to)}` : '',
      link ? `in ${link}` : '',
      out ? `out ${out}` : '',
      mark ? `mark ${mark.value}/${mark.mask}` : '',
      ...other,
    ]
      .filter(Boolean)
      .join(', '),
  );
  expect(shown).toEqual([
    '0 table local',
    '1000 table 100, from 10.1.0.0/16, to 10.2.0.0/16, in eth0, mark 1/255, tos 0x10, ipproto tcp, dport_start 80, dport_end 90',
    '1001 table 101, not, from 10.3.0.1/32, uid_start 0, uid_end 0',
    '1002 prohibit , from 10.4.0.0/16',
    '1003 goto 32766',
    '1004 table main, out eth0, suppress_prefixlen 0',
    '1005 nop ',
    '32766 table main',
    '32767 table default',
  ]);
  expect(value(routingRules[6])[1]).toMatchObject({ priority: 900, table: '100', from: { family: 6, length: 64 } });
  if (await can(ns, 'ip rule add l3mdev priority 500')) {
    const rule = value((await hostIn(ns)).routingRules[4]).find(({ priority }) => priority === 500);
    expect(rule).toMatchObject({ action: 'table', table: null });
    expect(rule?.other).toEqual(['l3mdev']);
  }
  if (await can(ns, 'ip link add blue type vrf table 10 && ip link set eth0 master blue')) {
    const links = new Map(value((await hostIn(ns)).links).map((link) => [link.name, link]));
    expect(links.get('blue')).toMatchObject({ kind: 'vrf', vrfTable: '10' });
    expect(links.get('eth0')).toMatchObject({ master: 'blue', vrfTable: null });
  }
});

test('routes over next hops that are objects of their own', async ({ skip }) => {
  await using ns = await kernel.namespace({ links: [{ name: 'eth0', addresses: ['10.0.0.1/24'] }] });
  if (!(await can(ns, 'ip nexthop add id 1 via 10.0.0.2 dev eth0 && ip nexthop add id 2 via 10.0.0.3 dev eth0'))) return skip();
  await tell(
    ns,
    'ip nexthop add id 3 group 1/2',
    'ip route add 198.51.100.0/24 nhid 3',
    'ip route add 10.77.0.0/16 dev eth0 table 100 metric 5 tos 0x10',
  );
  const routes = value((await hostIn(ns)).routes);
  const hops = routes.filter(({ prefix }) => formatPrefix(prefix) === '198.51.100.0/24');
  expect(hops.map(({ gateway }) => gateway && formatAddress(gateway))).toEqual(['10.0.0.2', '10.0.0.3']);
  expect(routes.find(({ table }) => table === '100')).toMatchObject({ metric: 5, tos: '0x10', source: null });
});

test('IPsec policies are counted', async ({ skip }) => {
  await using ns = await kernel.namespace();
  const policy = 'src 10.5.0.0/16 dst 10.6.0.0/16 dir out tmpl src 10.0.0.1 dst 10.0.0.2 proto esp mode tunnel';
  if (!(await can(ns, `ip xfrm policy add ${policy}`))) return skip();
  expect(value((await hostIn(ns)).xfrm)).toEqual({ states: 0, policies: { in: 0, out: 1, forward: 0, socket: 0 } });
});

test('sockets that see every packet, by whom', async ({ skip }) => {
  await using ns = await kernel.namespace({ links: [{ name: 'eth0' }] });
  const loaded = libc();
  if (!loaded.ok) return skip();
  await using _reader = await inside(
    ns,
    `
    import { libc } from ${JSON.stringify(new URL('./libc.ts', import.meta.url).href)};
    process.title = 'sniffer';
    // AF_PACKET; SOCK_RAW of every protocol, SOCK_DGRAM of IPv4 (0x800), one that only sends; protocols in network order.
    for (const [type, protocol] of [[3, 0x0300], [2, 0x0008], [3, 0]]) libc().value.socket(17, type, protocol);
    console.log('open');
  `,
  );
  const host = await hostIn(ns);
  expect(value(host.packetReaders)).toEqual([
    { protocol: null, link: null, process: 'sniffer' },
    { protocol: 0x800, link: null, process: 'sniffer' },
    { protocol: 0, link: null, process: 'sniffer' },
  ]);
});

test('sessions of those who manage the host, and no other connections', async () => {
  await using ns = await kernel.namespace();
  const connect = (title: string, port: number): string => `
    import { connect, createServer } from 'node:net';
    process.title = ${JSON.stringify(title)};
    const server = createServer().listen({ port: ${port}, host: '127.0.0.1' }, () => {
      const client = connect({ port: ${port}, host: '127.0.0.1', localPort: ${port} + 1 }, () => console.log('up'));
    });
  `;
  await using _sshd = await inside(ns, connect('sshd', 2222));
  await using _web = await inside(ns, connect('nginx', 8080));
  // Here both ends are the server's; on a real host the other one is elsewhere.
  const sessions = value((await hostIn(ns)).sessions).map(
    ({ local, localPort, peer, peerPort, process: name }) =>
      `${formatAddress(local)}:${localPort} ${formatAddress(peer)}:${peerPort} ${name}`,
  );
  expect(sessions.sort()).toEqual(['127.0.0.1:2222 127.0.0.1:2223 sshd', '127.0.0.1:2223 127.0.0.1:2222 sshd']);
});

test('the connection table, the writers of the log, and what bridges hand over', async () => {
  await using ns = await kernel.namespace();
  await tell(ns, 'iptables-nft -A INPUT -m conntrack --ctstate NEW -j ACCEPT');
  const host = await hostIn(ns);
  const conntrack = value(host.conntrack);
  expect(conntrack?.count).toBe(0);
  expect(String(conntrack?.max)).toBe(readFileSync('/proc/sys/net/netfilter/nf_conntrack_max', 'latin1').trim());
  const own = readFileSync('/proc/sys/net/netfilter/nf_log/2', 'latin1').trim();
  expect(value(host.logBackends)[4]).toBe(own === 'NONE' ? null : own);
  // Inside a namespace the setting for all of them is not shown.
  expect(value(host.logBackends).allNamespaces).toBeNull();
  if (await can(ns, 'echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables')) {
    await tell(ns, 'echo 0 > /proc/sys/net/bridge/bridge-nf-call-ip6tables');
    expect(value((await hostIn(ns)).bridgeFilter)).toMatchObject({ iptables: true, ip6tables: false });
  } else expect(value(host.bridgeFilter)).toBeNull();
});

test('helpers that the kernel has', async () => {
  await using ns = await kernel.namespace();
  const { present, automatic } = value((await hostIn(ns)).helpers);
  expect(present.includes('ftp')).toBe(existsSync('/sys/module/nf_conntrack_ftp'));
  expect(present.every((name) => !/^proto_|netlink/.test(name))).toBe(true);
  // The setting went with Linux 6.0.
  if (!existsSync('/proc/sys/net/netfilter/nf_conntrack_helper')) expect(automatic).toBe(false);
});

test('packages are those of the package database', async ({ skip }) => {
  await using ns = await kernel.namespace();
  const asked = await ns.run({ argv: ['dpkg-query', '-W', '-f', '$' + '{Version}', 'iptables'] });
  if (asked.kind !== 'exited' || asked.status !== 0) return skip();
  const host = hostFromTexts(await kernel.read({ namespace: ns, software: true }));
  const { format, installed } = value(host.packages);
  expect(format).toBe('deb');
  expect(installed.find(({ name }) => name === 'iptables')).toMatchObject({ version: asked.stdout, source: 'iptables' });
  expect(installed.some(({ name }) => name === 'linux-image-*')).toBe(false);
  expect(value(host.release).id).toMatch(/^[a-z]+$/);
  // All of them were asked about; what lists there are hangs on the machine.
  if (host.pending.known)
    expect(host.pending.value.unlisted.every((name) => installed.some((each) => each.name === name))).toBe(true);
});

test('rules that nft made among those of iptables are named', async () => {
  await using ns = await kernel.namespace();
  await tell(
    ns,
    'iptables-nft -A INPUT -j ACCEPT',
    "nft 'add rule ip filter INPUT ip saddr { 192.0.2.1, 192.0.2.2 } counter drop'",
  );
  expect(value((await hostIn(ns)).nativeRules[4])).toMatchObject([{ table: 'ip filter', chain: 'INPUT' }]);
});

test('where the tools are missing, every fact says what to install', async () => {
  await using ns = await kernel.namespace();
  const none: Run = async ({ argv: [tool] }) => ({ kind: 'missing', tool });
  const host = hostFromTexts(
    await kernel.read({ namespace: { ...ns, run: none, [Symbol.asyncDispose]: () => Promise.resolve() }, software: true }),
  );
  const facts = [host.routingRules[4], host.routingRules[6], host.nativeRules[4], host.flowtables, host.traffic, host.xfrm];
  for (const fact of [...facts, host.sessions, host.packetReaders, host.conntrack, host.bridgeFilter, host.logBackends])
    expect(why(fact)).toMatch(/is not installed \| install [a-z]/);
  // Which of the package managers it should be, only the disk tells.
  expect(why(host.packages)).toMatch(/is not installed \| install [a-z]|neither dpkg, nor rpm, nor apk/);
});

test('as root of a user namespace that owns nothing here: unknown for want of rights, or known, never empty', async () => {
  await using ns = await kernel.namespace();
  await tell(ns, 'iptables-nft -A INPUT -j DROP');
  const script = `
    const { createKernel } = await import(${JSON.stringify(new URL('./kernel.ts', import.meta.url).href)});
    const { hostFromTexts } = await import(${JSON.stringify(new URL('../model/host/index.ts', import.meta.url).href)});
    const kernel = createKernel();
    const host = hostFromTexts(await kernel.read());
    const said = (fact) => fact.known || fact.why + ' | ' + fact.remedy;
    console.log(JSON.stringify({ generation: await kernel.generation(), rules: said(host.routingRules[4]), xfrm: said(host.xfrm),
      flowtables: said(host.flowtables), native: said(host.nativeRules[4]), traffic: said(host.traffic),
      readers: said(host.packetReaders), namespaces: said(host.namespaces) }));
  `;
  const argv = ['unshare', '-U', process.execPath, '--no-warnings', '--input-type=module', '-e', script] as const;
  const result = await ns.run({ argv });
  if (result.kind !== 'exited' || result.status !== 0) throw new Error(JSON.stringify(result));
  const asRoot = expect.stringMatching(/^only root may read .* \| run palisade as root$/);
  expect(JSON.parse(result.stdout)).toEqual({
    generation: null,
    rules: true,
    xfrm: asRoot,
    flowtables: asRoot,
    native: asRoot,
    traffic: asRoot,
    readers: true,
    namespaces: asRoot,
  });
});
