import { expect, test } from 'vitest';
import { type Host, hostFromFiles } from '../../model/host/index.ts';
import { type Packet, packetFromJson } from '../../model/packet/index.ts';
import { ledStage, ownStage } from './stage.ts';

function host(facts?: object): Host {
  const read = hostFromFiles({
    rulesets: [{ file: 'rules', text: '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n', family: 4 }],
    ...(facts !== undefined && { facts: { file: 'facts', text: JSON.stringify(facts) } }),
    readAt: 0,
  });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
}

function packet(json: object): Packet {
  const ends = { hook: 'input', src: '203.0.113.9', dst: '198.51.100.1', proto: 'tcp', dport: 22 };
  const read = packetFromJson({ ...ends, ...json }, { link: 'eth0' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
}

const network = {
  links: [{ name: 'eth0', up: false }, { name: 'eth1' }],
  addresses: [{ link: 'eth0', address: '198.51.100.1/24' }],
  routes: [{ to: 'default', via: '198.51.100.254', link: 'eth0' }],
};
const onward = { hook: 'forward', out: 'eth1', dst: '192.0.2.7', proto: 'udp', sport: 40001 };

test('the host’s own network is only there where it is known, with the links up that packets name', () => {
  expect(ownStage(host(), [packet({})])).toBeNull();
  expect(ownStage(host({ links: network.links, addresses: network.addresses }), [packet({})])).toBeNull();
  const links = ownStage(host(network), [packet({})])?.links.filter(({ name }) => name !== 'lo');
  expect(links).toEqual([
    { name: 'eth0', up: true },
    { name: 'eth1', up: true },
  ]);
});

test('a sender whose packets all go one way is led by its address alone', () => {
  const { links, rules, routes, addresses } = ledStage(host(), [packet({}), packet({ dport: 80 })], 4);
  expect(links).toEqual([{ name: 'eth0' }]);
  const [first, ...usual] = rules;
  expect(first).toMatchObject({ in: 'eth0', from: '203.0.113.9/32', other: [], priority: 1 });
  expect(usual.map(({ priority, table }) => `${priority} ${table}`)).toEqual(['32766 main', '32767 default']);
  expect(routes).toEqual([
    { to: 'default', family: 4, table: first?.table, type: 'local', link: 'lo' },
    { to: '198.51.100.1', family: 4, table: 'local', type: 'local', link: 'lo' },
    { to: 'default', link: 'eth0', family: 4 },
  ]);
  expect(addresses.map(({ link }) => link)).toEqual(['eth0', 'eth0']);
});

test('one whose packets go several ways is told apart by protocol and port', () => {
  const { rules, links } = ledStage(host(network), [packet({}), packet(onward)], 4);
  expect(rules.slice(0, 2)).toMatchObject([{ other: ['ipproto 6', 'sport 40000'] }, { other: ['ipproto 17', 'sport 40001'] }]);
  expect(new Set(rules.map(({ table }) => table)).size).toBe(rules.length);
  expect(links.find(({ name }) => name === 'eth0')).toMatchObject({ up: true });
});

test('what is sent is led by where it goes', () => {
  const sent = { hook: 'output', src: '198.51.100.1', dst: '203.0.113.9', out: 'eth1' };
  expect(ledStage(host(network), [packet(sent)], 4).rules[0]).toMatchObject({ in: 'lo', to: '203.0.113.9/32' });
});
