import { expect, it } from 'vitest';
import { hostFromFiles } from '../../model/host/index.ts';
import { type Packet, packetFromJson } from '../../model/packet/index.ts';
import { createEvaluator } from '../evaluate/index.ts';
import { must } from '../evaluate/small-server.fixture.ts';
import { surroundingsOf } from '../evaluate/surroundings.ts';
import { createAnswering, createSpace, type Firewall } from './index.ts';

/** What packets by chance through the engine and the interpreter have taught (test/soak/space.ts), each as small as can be. */
interface Find {
  readonly name: string;
  readonly rules: string;
  readonly packet: object;
  /** Nothing is known of links and addresses. */
  readonly bare?: true;
  readonly verdict: string;
  /** Every verdict that may be, where it depends. */
  readonly among?: readonly string[];
}

const facts = {
  links: [{ name: 'lo', loopback: true, up: true }, { name: 'eth0', up: true }], // biome-ignore format: two
  addresses: [
    { link: 'lo', address: '127.0.0.1/8' },
    { link: 'eth0', address: '198.51.100.1/24', broadcast: '198.51.100.255' },
  ],
};

const finds: readonly Find[] = [
  {
    name: 'a match that may drop the packet does so in a rule that only reports, too',
    rules:
      '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m hashlimit --hashlimit-upto 5/min --hashlimit-mode srcip --hashlimit-name one -j LOG\nCOMMIT\n',
    packet: {},
    verdict: 'DEPENDS',
    among: ['ACCEPT', 'DROP'],
  },
  {
    name: 'what arrives over loopback is known to tracking on every way',
    rules: '*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m conntrack --ctstate NEW -j DROP\nCOMMIT\n',
    packet: { hook: 'forward', in: 'lo', out: 'eth0', dst: '192.0.2.1' },
    verdict: 'DROP',
  },
  {
    name: 'what arrives over loopback meets no nat on any way',
    rules:
      '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j DNAT --to-destination 192.0.2.9\nCOMMIT\n' +
      '*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -d 192.0.2.9 -j DROP\nCOMMIT\n',
    packet: { hook: 'forward', in: 'lo', out: 'eth0', dst: '192.0.2.1' },
    verdict: 'ACCEPT',
  },
  {
    name: 'TCPMSS may make a short packet four bytes longer',
    rules:
      '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --syn -j TCPMSS --set-mss 1400\nCOMMIT\n' +
      '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m length --length 64 -j DROP\nCOMMIT\n',
    packet: { length: 60 },
    verdict: 'DEPENDS',
    among: ['ACCEPT', 'DROP'],
  },
  {
    name: 'TCPMSS makes no packet longer twice',
    rules:
      '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --syn -j TCPMSS --set-mss 1400\n' +
      '-A PREROUTING -m length --length 64 -j MARK --set-mark 1\n-A PREROUTING -p tcp -m tcp --syn -j TCPMSS --set-mss 1200\nCOMMIT\n' +
      '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m length --length 68 -j DROP\nCOMMIT\n',
    packet: { length: 60 },
    verdict: 'ACCEPT',
  },
  {
    name: 'TCPMSS leaves a packet alone that has room for no option',
    rules:
      '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --syn -j TCPMSS --set-mss 1400\nCOMMIT\n' +
      '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m length --length 121 -j DROP\nCOMMIT\n',
    packet: { length: 117 },
    verdict: 'ACCEPT',
  },
  {
    name: 'NETMAP keeps the bits behind its mask',
    rules:
      '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 203.0.113.0/24 -j NETMAP --to 192.0.2.0/24\nCOMMIT\n' +
      '*filter\n:FORWARD DROP [0:0]\n-A FORWARD -d 192.0.2.77/32 -j ACCEPT\nCOMMIT\n',
    packet: { hook: 'forward', in: 'eth0', out: 'eth1', dst: '203.0.113.77' },
    verdict: 'ACCEPT',
  },
  {
    name: 'NETMAP of a part of a network keeps its place in the new one',
    rules:
      '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 203.0.113.64/28 -j NETMAP --to 192.0.2.0/24\nCOMMIT\n' +
      '*filter\n:FORWARD DROP [0:0]\n-A FORWARD -d 192.0.2.77/32 -j ACCEPT\nCOMMIT\n',
    packet: { hook: 'forward', in: 'eth0', out: 'eth1', dst: '203.0.113.77' },
    verdict: 'ACCEPT',
  },
  {
    name: 'NETMAP to a smaller network lays its parts over one another',
    rules:
      '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 203.0.113.0/24 -j NETMAP --to 192.0.2.64/28\nCOMMIT\n' +
      '*filter\n:FORWARD DROP [0:0]\n-A FORWARD -d 192.0.2.77/32 -j ACCEPT\nCOMMIT\n',
    packet: { hook: 'forward', in: 'eth0', out: 'eth1', dst: '203.0.113.173' },
    verdict: 'ACCEPT',
  },
  {
    name: 'NETMAP to where the packet was going translates nothing',
    rules:
      '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 203.0.113.0/24 -j NETMAP --to 203.0.113.0/24\nCOMMIT\n' +
      '*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m conntrack --ctstate DNAT -j DROP\nCOMMIT\n',
    packet: { hook: 'forward', in: 'eth0', out: 'eth1', dst: '203.0.113.77' },
    verdict: 'ACCEPT',
  },
  {
    name: 'a NETMAP for all addresses decides beside one for a few',
    rules:
      '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 203.0.113.0/24 -j NETMAP --to 192.0.2.0/24\n' +
      '-A PREROUTING -p tcp -j NETMAP --to 192.0.2.0/24\nCOMMIT\n' +
      '*filter\n:FORWARD DROP [0:0]\n-A FORWARD -d 192.0.2.0/24 -j ACCEPT\nCOMMIT\n',
    packet: { hook: 'forward', in: 'eth0', out: 'eth1', dst: '10.9.8.7' },
    verdict: 'ACCEPT',
  },
  {
    name: 'addresses among which the kernel chooses are all of a type if each is',
    rules:
      '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j DNAT --to-destination 192.0.2.4-192.0.2.9\nCOMMIT\n' +
      '*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -m addrtype --dst-type UNICAST -j DROP\nCOMMIT\n',
    packet: { hook: 'forward', in: 'eth0', out: 'eth1', dst: '203.0.113.77' },
    verdict: 'DROP',
  },
  {
    name: 'addresses among which the kernel chooses are in a set, or not, one by one',
    rules:
      '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j DNAT --to-destination 192.0.2.4-192.0.2.9\nCOMMIT\n' +
      '*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -d 192.0.2.4/31 -m set --match-set few dst -j DROP\n' +
      '-A FORWARD -m set ! --match-set few dst -j ACCEPT\n-A FORWARD -d 192.0.2.4/31 -j REJECT\nCOMMIT\n',
    packet: { hook: 'forward', in: 'eth0', out: 'eth1', dst: '203.0.113.77' },
    verdict: 'DEPENDS',
    among: ['ACCEPT', 'DROP'],
  },
  {
    name: 'REDIRECT is to the host itself, whatever address that is',
    rules:
      '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -j REDIRECT --to-ports 8080\nCOMMIT\n' +
      '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 8080 -j DROP\nCOMMIT\n',
    packet: {},
    bare: true,
    verdict: 'DROP',
  },
  {
    name: 'REDIRECT may be to where the packet was going, where no address of the host is known',
    rules:
      '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -j REDIRECT --to-ports 8080\nCOMMIT\n' +
      '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m conntrack --ctstate DNAT -j DROP\nCOMMIT\n',
    packet: { dport: 8080 },
    bare: true,
    verdict: 'DEPENDS',
    among: ['ACCEPT', 'DROP'],
  },
  {
    name: 'TCPMSS makes no packet longer that an earlier answer keeps from it',
    rules:
      '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m string --algo bm --string "x" -j DROP\n' +
      '-A PREROUTING -p tcp -m tcp --syn -m string --algo bm --string "x" -j TCPMSS --set-mss 1400\nCOMMIT\n' +
      '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m length --length 64 -j REJECT\nCOMMIT\n',
    packet: { length: 60 },
    verdict: 'DEPENDS',
    among: ['ACCEPT', 'DROP'],
  },
  {
    name: 'two questions about one user have answers that go together',
    rules:
      '*filter\n:OUTPUT DROP [0:0]\n-A OUTPUT -m owner --uid-owner 0-1000 -j ACCEPT\n-A OUTPUT -m owner --uid-owner 500 -j REJECT\n' +
      '-A OUTPUT -m owner ! --uid-owner 500 -j ACCEPT\nCOMMIT\n',
    packet: { hook: 'output', in: undefined, out: 'eth0' },
    verdict: 'ACCEPT',
  },
  {
    name: 'what has a user has a group',
    rules:
      '*filter\n:OUTPUT DROP [0:0]\n-A OUTPUT -m owner --gid-owner 0-99 -j ACCEPT\n-A OUTPUT -m owner --gid-owner 100-4294967294 -j ACCEPT\n' +
      '-A OUTPUT -m owner --uid-owner 33 -j REJECT\nCOMMIT\n',
    packet: { hook: 'output', in: undefined, out: 'eth0', uid: 7 },
    verdict: 'ACCEPT',
  },
  {
    name: 'what has no group has no user',
    rules:
      '*filter\n:OUTPUT DROP [0:0]\n-A OUTPUT -m owner --uid-owner 33 -j REJECT\n-A OUTPUT -m owner --socket-exists -j ACCEPT\nCOMMIT\n',
    packet: { hook: 'output', in: undefined, out: 'eth0', gid: null },
    verdict: 'DEPENDS',
    among: ['ACCEPT', 'DROP'],
  },
  {
    name: 'a packet that nobody says the type of is of one type',
    rules:
      '*filter\n:INPUT DROP [0:0]\n-A INPUT -m pkttype --pkt-type broadcast -j ACCEPT\n-A INPUT -m pkttype --pkt-type multicast -j ACCEPT\n' +
      '-A INPUT -m pkttype ! --pkt-type unicast -j REJECT\nCOMMIT\n',
    packet: {},
    verdict: 'DEPENDS',
    among: ['ACCEPT', 'DROP'],
  },
  {
    name: 'bits of the TOS byte that are not written stay what they were found to be',
    rules:
      '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m ecn --ecn-ip-ect 1 -j MARK --set-mark 1\n-A PREROUTING -j DSCP --set-dscp 0x10\nCOMMIT\n' +
      '*filter\n:INPUT DROP [0:0]\n-A INPUT -m mark --mark 1 -m tos --tos 0x41 -j ACCEPT\n-A INPUT -m mark --mark 1 -j REJECT\nCOMMIT\n',
    packet: {},
    verdict: 'DEPENDS',
    among: ['ACCEPT', 'DROP'],
  },
  {
    name: 'a TOS byte that is said is written to',
    rules:
      '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j TOS --set-tos 0x10/0x3f\nCOMMIT\n' +
      '*filter\n:INPUT DROP [0:0]\n-A INPUT -m tos --tos 0xd0/0xff -j ACCEPT\nCOMMIT\n',
    packet: { tos: 0xc3 },
    verdict: 'ACCEPT',
  },
];

it.each(finds)('$name', ({ rules, packet: said, bare, verdict, among }) => {
  const host = must(
    hostFromFiles({
      rulesets: [{ file: 'rules', text: rules, family: 4 }],
      facts: { file: 'facts', text: JSON.stringify(bare === true ? {} : facts) },
      sets: { file: 'sets', text: 'create few hash:ip family inet\nadd few 192.0.2.5\nadd few 192.0.2.7\n' },
      readAt: 0,
    }),
  );
  const json = { hook: 'input', in: 'eth0', src: '192.0.2.200', dst: '198.51.100.1', proto: 'tcp', dport: 22, ...said };
  const packet: Packet = { ...must(packetFromJson(json, { link: null })), mac: 0 };
  const trace = createEvaluator(host).trace(packet);
  expect(trace?.verdict).toBe(verdict);
  if (among !== undefined) expect([...new Set(trace?.outcomes.map((one) => one.verdict))].sort()).toEqual(among);
  if (!host.rulesets[4].known) throw new Error('the rules are known');
  const space = createSpace(4, [{ ruleset: host.rulesets[4].value, surroundings: surroundingsOf(host) }]);
  const answer = createAnswering(space, (space.firewalls[0] as Firewall).way(packet.hook))(packet);
  expect(answer.verdict).toBe(verdict);
  if (among !== undefined) expect([...answer.verdicts].sort()).toEqual(among);
});
