import { expect, test } from 'vitest';
import { hostFromFiles } from '../model/host/index.ts';
import { stageOf } from './stage.ts';

function stageOfFacts(facts: unknown): ReturnType<typeof stageOf> {
  const text = '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n';
  const host = hostFromFiles({
    rulesets: [{ file: 'rules', text, family: 4 }],
    ...(facts !== undefined && { facts: { file: 'facts', text: JSON.stringify(facts) } }),
    readAt: 0,
  });
  if (!host.ok) throw new Error(JSON.stringify(host.problems));
  return stageOf(host.value);
}

test('what is not known is not there', () => {
  expect(stageOfFacts(undefined)).toEqual({ links: [], addresses: [], routes: [], rules: [] });
});

test('links, addresses, routes and rules are those of the facts', () => {
  const { links, addresses, routes, rules } = stageOfFacts({
    links: [{ name: 'eth0' }, { name: 'wlan0', up: false }, { name: 'lan1', master: 'br0' }, { name: 'br0', kind: 'bridge' }],
    routingRules: [
      { priority: 100, table: '100', from: '10.0.0.0/8', mark: '0x5/0xff', in: 'eth0', not: true },
      { priority: 200, action: 'blackhole', to: '2001:db8:f::/48', family: 6 },
    ],
    addresses: [
      { link: 'eth0', address: '198.51.100.10/24' },
      { link: 'eth0', address: '192.0.2.1/32', peer: '192.0.2.2' },
      { link: 'eth0', address: '2001:db8::1/64' },
    ],
    routes: [
      { to: 'default', via: '198.51.100.1', link: 'eth0' },
      { to: 'default', family: 6, link: 'eth0', metric: 1024, from: '2001:db8:1::/48' },
      { to: '10.0.0.0/8', type: 'blackhole', table: '100' },
    ],
  });
  expect(links).toEqual(
    expect.arrayContaining([
      { name: 'eth0', up: true },
      { name: 'wlan0', up: false },
      { name: 'lan1', up: true, master: 'br0' },
      { name: 'br0', up: true, kind: 'bridge' },
    ]),
  );
  expect(addresses.filter(({ link }) => link === 'eth0')).toEqual([
    { link: 'eth0', address: '198.51.100.10/24' },
    { link: 'eth0', address: '192.0.2.1/32', peer: '192.0.2.2/32' },
    { link: 'eth0', address: '2001:db8::1/64' },
  ]);
  expect(routes).toEqual([
    { to: '0.0.0.0/0', family: 4, table: 'main', type: 'unicast', via: '198.51.100.1', link: 'eth0' },
    { to: '::/0', family: 6, table: 'main', type: 'unicast', link: 'eth0', metric: 1024, from: '2001:db8:1::/48' },
    { to: '10.0.0.0/8', family: 4, table: '100', type: 'blackhole' },
  ]);
  const [four, six] = rules;
  expect(four).toEqual({
    ...{ family: 4, priority: 100, action: 'table', table: '100', not: true, from: '10.0.0.0/8', in: 'eth0' },
    ...{ mark: '0x5/0xff', other: [] },
  });
  expect(six).toMatchObject({ family: 6, priority: 200, action: 'blackhole', to: '2001:db8:f::/48' });
});
