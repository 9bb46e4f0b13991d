import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hostIn, kernel } from '../../test/reading/host.ts';
import { hostFromTexts } from '../model/host/index.ts';
import { formatAddress, formatPrefix } from '../model/net/index.ts';
import { tell, value } from './inside.fixture.ts';

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
