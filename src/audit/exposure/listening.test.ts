import { expect, test } from 'vitest';
import { exampleHost } from '../example-host.ts';
import { empty, filter, hardened6, oneLink } from '../examples.ts';
import { auditAndExposure } from '../index.ts';

const listeners = [
  { proto: 'tcp', port: 22, process: 'sshd' },
  { proto: 'tcp', port: 80, process: 'nginx' },
  { proto: 'tcp', port: 443, process: 'nginx' },
  { proto: 'tcp', port: 3306, process: 'mysqld' },
  { proto: 'tcp', port: 631, process: 'cupsd', address: '127.0.0.1' },
  { proto: 'udp', port: 53, process: 'named' },
];

const rules = [
  '-A INPUT -s 192.168.1.50/32 -p tcp -m tcp --dport 22 -j ACCEPT',
  '-A INPUT -p tcp -m tcp --dport 80 -m limit --limit 5/sec -j ACCEPT',
  '-A INPUT -p tcp -m tcp --dport 443 -m geoip --source-country DE -j ACCEPT',
  '-A INPUT -s 203.0.112.0/24 -p udp -m udp --dport 53 -j ACCEPT',
];

function openOf(v4: string, v6: string, facts: object = {}): Record<string, string> | string {
  const { exposure } = auditAndExposure(exampleHost({ v4, v6, facts: { ...oneLink, listeners, ...facts } }));
  if (!exposure.known) return exposure.why;
  return Object.fromEntries(exposure.value.map(({ family, proto, port, open }) => [`${family} ${proto} ${port}`, open]));
}

test('who reaches each listener: everyone, some, nobody, or nobody can tell', () => {
  expect(openOf(filter(rules, { INPUT: 'DROP' }), hardened6)).toMatchObject({
    '4 tcp 22': 'some',
    '4 tcp 80': 'everyone',
    '4 tcp 443': 'unknown',
    '4 tcp 631': 'nobody',
    '4 tcp 3306': 'nobody',
    '4 udp 53': 'some',
    '6 tcp 3306': 'nobody',
  });
});

test('without rules everyone reaches what listens outside of the loopback', () => {
  expect(openOf(empty, empty)).toMatchObject({ '4 tcp 3306': 'everyone', '6 tcp 22': 'everyone', '4 tcp 631': 'nobody' });
});

test('a port that is led on to a container is open, whoever listens', () => {
  const docker = `*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
${filter(['-A FORWARD -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT'], { INPUT: 'DROP' })}`;
  const facts = {
    links: [...oneLink.links, { name: 'docker0', kind: 'bridge' }],
    addresses: [...oneLink.addresses, { link: 'docker0', address: '172.17.0.1/16' }],
    sysctls: { 'net.ipv4.ip_forward': '1' },
  };
  expect(openOf(docker, hardened6, facts)).toMatchObject({ '4 tcp 8080': 'everyone', '4 tcp 80': 'nobody' });
});

test('what is beside iptables makes what is open unknown, and leaves what is closed closed', () => {
  const foreignChains = [{ family: 'inet', table: 'firewalld', chain: 'filter_INPUT', hook: 'input', priority: 10, rules: 9 }];
  expect(openOf(filter(rules, { INPUT: 'DROP' }), hardened6, { foreignChains })).toMatchObject({
    '4 tcp 80': 'unknown',
    '4 tcp 3306': 'nobody',
  });
});

test('is unknown where rules or listeners are', () => {
  const { exposure } = auditAndExposure(exampleHost({ v4: null, v6: hardened6, facts: { ...oneLink, listeners } }));
  expect(exposure.known).toBe(false);
  const none = auditAndExposure(exampleHost({ v4: empty, v6: empty, facts: oneLink }));
  expect(none.exposure.known).toBe(false);
});
