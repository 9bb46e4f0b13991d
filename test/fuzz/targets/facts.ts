import { parseFacts } from '../../../src/model/host/facts.ts';
import type { FactsJson } from '../../../src/model/host/facts-json.ts';
import { changedJson, largeJson } from '../json-text.ts';
import { problemsHold, promise } from '../promises.ts';
import { filled, type Target } from '../target.ts';

const example = {
  hostname: 'web1',
  backend: 'nft',
  links: [
    { name: 'eth0', up: true, kind: 'veth', master: 'br0', xdp: [{ mode: 'driver', id: 3 }] },
    { name: 'vrf1', vrfTable: '10' },
  ],
  addresses: [{ link: 'eth0', address: '198.51.100.10/24', broadcast: '198.51.100.255', scope: 'global' }],
  routes: [
    { to: 'default', via: '198.51.100.1', link: 'eth0', metric: 100, table: 'main' },
    { to: '10.0.0.0/8', type: 'blackhole', family: 4 },
  ],
  routingRules: [{ priority: 0, action: 'table', table: 'local', from: '10.0.0.0/8', mark: '0x1/0xff', family: 4 }],
  xfrm: { states: 1, in: 0, out: 1 },
  modules: { loaded: ['sctp'], builtin: [], loadable: ['can'] },
  files: [
    { path: '/etc/iptables/rules.v4', mode: '0640', uid: 0, gid: 0, modified: 1, text: '*filter\n' },
    { path: '/etc/alternatives/iptables', kind: 'link', target: '/usr/sbin/iptables-nft' },
  ],
  processes: [{ pid: 1, name: 'systemd', uid: 0, netAdmin: true, ownNetwork: true, ownUsers: true, contained: false }],
  units: [{ name: 'nftables.service', enabled: 'enabled', active: 'failed' }],
  auditRules: ['-w /etc/passwd -p wa'],
  conntrackLosses: { insertFailed: 0, dropped: 1, earlyDropped: 2 },
  flowtables: [{ family: 'inet', table: 't', name: 'f', priority: 0, links: ['eth0'] }],
  traffic: [{ link: 'eth0', at: 'ingress', kind: 'flower', protocol: 'ip', preference: 1 }],
  listeners: [
    { proto: 'tcp', port: 22, process: 'sshd', address: '127.0.0.1' },
    { proto: 'udp', port: 53, v6only: true },
  ],
  sessions: [{ local: '198.51.100.10', localPort: 22, peer: '203.0.113.9', peerPort: 40000, process: 'sshd' }],
  packetReaders: [{ protocol: 3, link: 'eth0', process: 'tcpdump' }],
  helpers: ['ftp'],
  expectations: 0,
  kernel: '6.1.0',
  installedKernels: ['6.1.0'],
  packages: { iptables: '1.8.9' },
  kernelBuild: '#1 SMP Debian 6.1.76-1',
  software: { dpkg: 'iptables\t1.8.9-2\tinstalled\n', lists: 0 },
  sysctls: { 'net.ipv4.ip_forward': '0', 'net.ipv6.conf.all.forwarding': 1 },
  foreignChains: [
    { family: 'inet', table: 't', chain: 'c', type: 'filter', hook: 'input', priority: -10, policy: 'drop', rules: 3 },
  ],
} as const satisfies FactsJson;

/** A facts file. */
export const facts: Target<string> = {
  name: 'facts JSON',
  make: (random) => changedJson(example, random),
  makeLarge(random) {
    if (random.once(2)) return largeJson(example, random);
    const key = random.pick(Object.keys(example));
    const one = random.pick(['{}', '[]', '1', '"x"', '{"link":"eth0"}', '{"name":"\\u00e9"}', '{"to":"10.0.0.0/33"}', '{\n}']);
    // Broken everywhere, in keys that it does not know or in one that it knows.
    return random.once(3)
      ? `{${Array.from({ length: 60_000 }, (_, number) => `"${key}${number}":${one}`)}}`
      : `{"${key}":[${filled(`${one},`)}${one}]}`;
  },
  check(text) {
    const read = parseFacts(text, 'F');
    if (!read.ok) {
      problemsHold(read.problems, text);
      promise(read.problems.length <= 101, `${read.problems.length} problems are too many to read`);
    }
    return read.ok;
  },
};
