import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/analysis/index.ts';
import type { Backend } from '../../src/model/host/index.ts';
import type { Family } from '../../src/model/net/index.ts';
import { type Packet, type PacketJson, packetFromJson, type Trace } from '../../src/model/packet/index.ts';
import { parseRuleset } from '../../src/model/ruleset/index.ts';
import { GROUP, idOf, type Lab, must, openLab, peerMac, sourceOf } from './lab.ts';
import { lastPacket } from './last.ts';
import { doneRule, ruleName } from './rulesets.ts';

/**
 * What the comparison by chance has taught, and what the manuals do not say: each case with the rules that the packet
 * meets in the kernel, which are also the interpreter's. If a kernel changes its mind, this is where it shows.
 */
interface Case {
  readonly name: string;
  readonly backends?: readonly Backend[];
  readonly family: Family;
  /** `table CHAIN conditions`; the target is a report. */
  readonly rules: readonly string[];
  readonly packet: PacketJson;
  readonly meets: readonly string[] | Readonly<Record<Backend, readonly string[]>>;
}

const from4 = { hook: 'input', in: 'eth0', src: '192.0.2.77', dst: '10.50.0.5', mac: '02:00:00:00:02:00', length: 100 } as const;
const from6 = { ...from4, src: '2001:db8:a::4d', dst: 'fd50::5' } as const;

const cases: readonly Case[] = [
  {
    name: 'security comes after the nat of INPUT with iptables-nft, before it with legacy',
    family: 4,
    // Without a user of tracking no packet belongs to a connection, and none comes by nat.
    rules: ['nat INPUT', 'security INPUT', 'filter INPUT -m conntrack --ctstate NEW'],
    packet: { ...from4, proto: 'udp', sport: 1001, dport: 9 },
    meets: {
      nft: ['filter:INPUT:1', 'nat:INPUT:1', 'security:INPUT:1'],
      legacy: ['filter:INPUT:1', 'security:INPUT:1', 'nat:INPUT:1'],
    },
  },
  {
    name: 'UDP-Lite is INVALID on arrival, since its checksum is computed as UDP would',
    family: 4,
    rules: ['filter INPUT -m conntrack --ctstate NEW', 'filter INPUT -m conntrack --ctstate INVALID'],
    packet: { ...from4, proto: 'udplite', sport: 1002, dport: 9, state: 'INVALID' },
    meets: ['filter:INPUT:2'],
  },
  {
    name: 'an ICMPv6 redirect is INVALID, though it belongs to neighbour discovery',
    family: 6,
    rules: ['filter INPUT -m conntrack --ctstate UNTRACKED', 'filter INPUT -m conntrack --ctstate INVALID'],
    packet: { ...from6, proto: 'icmpv6', icmpType: 137, icmpCode: 0, state: 'INVALID' },
    meets: ['filter:INPUT:2'],
  },
  {
    name: 'a neighbour solicitation is INVALID to raw and UNTRACKED from then on',
    family: 6,
    rules: ['raw PREROUTING -m conntrack --ctstate INVALID', 'mangle PREROUTING -m conntrack --ctstate UNTRACKED'],
    packet: { ...from6, proto: 'icmpv6', icmpType: 135, icmpCode: 0, state: 'UNTRACKED' },
    meets: ['raw:PREROUTING:1', 'mangle:PREROUTING:1'],
  },
  {
    name: 'conditions beside the state are not even looked at for a packet without a connection',
    family: 4,
    rules: [
      'filter INPUT -m conntrack --ctstate INVALID --ctorigdst 203.0.113.1',
      'filter INPUT -m conntrack ! --ctorigdst 203.0.113.1',
    ],
    packet: { ...from4, proto: 'tcp', sport: 1003, dport: 9, flags: ['FIN'], state: 'INVALID' },
    meets: ['filter:INPUT:1'],
  },
  {
    name: 'the first address of any IPv6 network without a gateway is anycast, of an own network too',
    family: 6,
    rules: [
      'filter INPUT -m addrtype --dst-type ANYCAST',
      'filter INPUT -m addrtype --dst-type LOCAL',
      'filter INPUT -m addrtype --dst-type UNICAST',
    ],
    packet: { ...from6, dst: 'fd50::', proto: 'udp', sport: 1004, dport: 9 },
    meets: ['filter:INPUT:1', 'filter:INPUT:2', 'filter:INPUT:3'],
  },
  {
    name: 'IPv6 wants UNICAST and MULTICAST both, so that no address is of either',
    family: 6,
    rules: ['filter INPUT -m addrtype --dst-type UNICAST,MULTICAST', 'filter INPUT -m addrtype --dst-type UNICAST'],
    packet: { ...from6, proto: 'udp', sport: 1005, dport: 9 },
    meets: ['filter:INPUT:2'],
  },
  {
    name: 'a multicast address is not unicast',
    family: 6,
    rules: [
      'filter INPUT -m addrtype --dst-type UNICAST',
      'filter INPUT -m addrtype --dst-type MULTICAST',
      'filter INPUT -m addrtype ! --dst-type LOCAL',
    ],
    packet: { ...from6, dst: 'ff02::1', proto: 'udp', sport: 1012, dport: 9 },
    meets: ['filter:INPUT:2', 'filter:INPUT:3'],
  },
  {
    name: 'IPv4 never says BLACKHOLE: an address behind a blackhole route is unicast',
    family: 4,
    rules: ['filter INPUT -m addrtype --src-type BLACKHOLE', 'filter INPUT -m addrtype --src-type UNICAST'],
    packet: { ...from4, src: '192.0.2.241', proto: 'udp', sport: 1006, dport: 9 },
    meets: ['filter:INPUT:2'],
  },
  {
    name: 'hash:net,iface stops at the longest prefix, whatever its interface',
    family: 4,
    rules: ['filter INPUT -m set --match-set netiface4 src,src', 'filter INPUT -s 192.0.2.0/24'],
    packet: { ...from4, src: '192.0.2.70', proto: 'udp', sport: 1007, dport: 9 },
    meets: ['filter:INPUT:2'],
  },
  {
    name: 'hash:net,iface takes a shorter prefix where no longer one holds the address',
    family: 4,
    rules: ['filter INPUT -m set --match-set netiface4 src,src'],
    packet: { ...from4, src: '192.0.2.10', proto: 'udp', sport: 1008, dport: 9 },
    meets: ['filter:INPUT:1'],
  },
  {
    name: 'a set wants all its dimensions from the rule',
    family: 4,
    rules: ['filter INPUT -m set --match-set netport4 src', 'filter INPUT -m set --match-set netport4 src,dst'],
    packet: { ...from4, src: '192.0.2.1', proto: 'tcp', sport: 1009, dport: 22 },
    meets: ['filter:INPUT:2'],
  },
  {
    name: 'POSTROUTING still knows where a forwarded packet came in',
    family: 4,
    rules: ['mangle user -i eth0', 'mangle POSTROUTING -o lan0'],
    packet: { ...from4, hook: 'forward', out: 'lan0', dst: '203.0.113.5', proto: 'udp', sport: 1010, dport: 9 },
    meets: ['mangle:user:1', 'mangle:POSTROUTING:2'],
  },
  {
    name: 'a forwarded packet has lost one hop before FORWARD',
    family: 6,
    rules: ['mangle PREROUTING -m hl --hl-eq 65', 'filter FORWARD -m hl --hl-eq 64', 'mangle POSTROUTING -m hl --hl-eq 64'],
    packet: { ...from6, hook: 'forward', out: 'lan0', dst: '2001:db8:f::5', proto: 'udp', sport: 1011, dport: 9 },
    meets: ['mangle:PREROUTING:1', 'filter:FORWARD:1', 'mangle:POSTROUTING:1'],
  },
];

const builtin = new Set(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']);

/** The text that iptables-restore takes. A chain of the user's own is called by the first rule of POSTROUTING. */
function textOf({ family, rules }: Pick<Case, 'family' | 'rules'>): string {
  const lines: string[] = [];
  for (const table of ['raw', 'mangle', 'nat', 'filter', 'security']) {
    lines.push(`*${table}`);
    if (table === 'raw') lines.push(':PREROUTING ACCEPT [0:0]');
    const own = rules.flatMap((rule) => (rule.startsWith(`${table} `) ? [rule.slice(table.length + 1)] : []));
    const users = new Set(own.map((rule) => rule.split(' ')[0] ?? '').filter((chain) => !builtin.has(chain)));
    const chains = new Set(own.map((rule) => rule.split(' ')[0] ?? ''));
    for (const chain of chains)
      if (chain !== 'PREROUTING' || table !== 'raw') lines.push(`:${chain} ${users.has(chain) ? '-' : 'ACCEPT'} [0:0]`);
    const counts = new Map<string, number>();
    for (const user of users) {
      lines.push(`-A POSTROUTING -j ${user}`);
      counts.set('POSTROUTING', 1);
    }
    for (const rule of own) {
      const chain = rule.split(' ')[0] ?? '';
      const number = (counts.get(chain) ?? 0) + 1;
      counts.set(chain, number);
      lines.push(`-A ${rule} -j NFLOG --nflog-group ${GROUP} --nflog-prefix ${ruleName({ table, chain, rule: number })}`);
    }
    // Behind the rules under test, so that their numbers are those that they have here.
    if (table === 'raw') lines.push(doneRule(family));
    lines.push('COMMIT');
  }
  return `${lines.join('\n')}\n`;
}

function evaluate(lab: Lab, family: Family, text: string, packet: Packet): Trace {
  const read = must(parseRuleset(text, { file: 'case', family }));
  const value = { ...read, writer: { tool: 'iptables-save', version: '1.8.9', backend: lab.backend } } as const;
  const found = createEvaluator({ ...lab.host, rulesets: { ...lab.host.rulesets, [family]: { known: true, value } } }).trace(
    packet,
  );
  if (found === null) throw new Error('the rules are unknown');
  return found;
}

async function met(lab: Lab, packet: Packet, id: number): Promise<readonly string[]> {
  lab.send(packet, id);
  const logged = await lab.logged(lastPacket(packet.family));
  return logged.flatMap(({ prefix, payload }) => (idOf(payload) === id && sourceOf(payload) === packet.src ? [prefix] : []));
}

describe.each<Backend>(['nft', 'legacy'])('with iptables-%s', (backend) => {
  it('meets the same rules in the kernel, in the interpreter, and as is written here', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    for (const [index, one] of cases.entries()) {
      const text = textOf(one);
      const packet = must(packetFromJson(one.packet, { link: 'eth0' }));
      await lab.load(one.family, text);
      const meets = 'nft' in one.meets ? one.meets[backend] : one.meets;
      const reporting = evaluate(lab, one.family, text, packet).path.filter(({ effect }) => effect === 'log');
      expect({ case: one.name, kernel: await met(lab, packet, 0x2000 + index), palisade: reporting.map(ruleName) }).toEqual({
        case: one.name,
        kernel: meets,
        palisade: meets,
      });
    }
  });

  it('skips nat for what comes back over loopback, which tracking knows already', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    const rules = [
      'raw PREROUTING -m conntrack --ctstate NEW',
      'nat PREROUTING',
      'nat INPUT',
      'filter INPUT -i lo',
      'nat OUTPUT',
      'raw OUTPUT',
    ];
    const text = textOf({ family: 4, rules });
    await lab.load(4, text);
    const out = must(
      packetFromJson(
        { hook: 'output', out: 'lo', src: '10.50.0.9', dst: '10.50.0.5', proto: 'udp', sport: 1020, dport: 9, length: 100 },
        { link: 'lo' },
      ),
    );
    const back: Packet = { ...out, hook: 'input', in: 'lo', out: null };
    const expected = [out, back].map((packet) =>
      evaluate(lab, 4, text, packet)
        .path.filter(({ effect }) => effect === 'log')
        .map(ruleName),
    );
    expect(await met(lab, out, 0x3000)).toEqual(expected.flat());
    expect(expected).toEqual([
      ['raw:OUTPUT:1', 'nat:OUTPUT:1'],
      ['raw:PREROUTING:1', 'filter:INPUT:1'],
    ]);
  });

  it('takes the rate as it comes: the answer depends, and the kernel gives each of its endings', {
    timeout: 60_000,
  }, async () => {
    await using lab = await openLab(backend);
    for (const [index, match] of [
      '-m limit --limit 1/hour --limit-burst 3',
      '-m recent --name case --rsource ! --rcheck --seconds 60 --hitcount 1 -m recent --name case --rsource --set',
      '-m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 3 --hashlimit-mode srcip --hashlimit-name case',
    ].entries()) {
      const text = [
        ...[
          '*raw',
          ':PREROUTING ACCEPT [0:0]',
          doneRule(4),
          'COMMIT',
          '*filter',
          ':INPUT DROP [0:0]',
          ':FORWARD ACCEPT [0:0]',
          ':OUTPUT ACCEPT [0:0]',
        ],
        `-A INPUT -s 192.0.2.0/24 ${match} -j ACCEPT`,
        ...[
          'COMMIT',
          '*security',
          ':INPUT ACCEPT [0:0]',
          `-A INPUT -j NFLOG --nflog-group ${GROUP} --nflog-prefix passed`,
          'COMMIT',
          '',
        ],
      ].join('\n');
      await lab.load(4, text);
      const packet = must(packetFromJson({ ...from4, proto: 'udp', sport: 1030 + index, dport: 9 }, { link: 'eth0' }));
      const trace = evaluate(lab, 4, text, packet);
      expect(trace.verdict).toBe('DEPENDS');
      expect(trace.decidedBy).toMatchObject({ chain: 'INPUT', rule: 1 });
      const seen = new Set<string>();
      for (let shot = 0; shot < 8; shot += 1) {
        seen.add((await met(lab, packet, 0x4000 + index * 16 + shot)).includes('passed') ? 'ACCEPT' : 'DROP');
      }
      expect(seen).toEqual(new Set(trace.outcomes.map(({ verdict }) => verdict)));
    }
  });
});

describe('with iptables-nft', () => {
  it('reads ports from the payload of a later fragment, so that the answer depends on it', { timeout: 60_000 }, async () => {
    for (const backend of ['nft', 'legacy'] as const) {
      await using lab = await openLab(backend);
      // Without connection tracking, which would wait for the other fragments.
      const text = [
        ...[
          '*raw',
          ':PREROUTING ACCEPT [0:0]',
          doneRule(4),
          'COMMIT',
          '*filter',
          ':INPUT ACCEPT [0:0]',
          ':FORWARD ACCEPT [0:0]',
          ':OUTPUT ACCEPT [0:0]',
        ],
        `-A FORWARD -p udp -m udp ! --dport 22 -j NFLOG --nflog-group ${GROUP} --nflog-prefix ports`,
        '-A FORWARD -p udp -m udp ! --dport 22 -j DROP',
        `-A FORWARD -p udp -m multiport ! --dports 22 -j NFLOG --nflog-group ${GROUP} --nflog-prefix multiport`,
        ...['COMMIT', ''],
      ].join('\n');
      await lab.load(4, text);
      const packet: Packet = {
        ...must(
          packetFromJson(
            { ...from4, hook: 'forward', out: 'lan0', dst: '203.0.113.5', proto: 'udp', fragment: true },
            { link: 'eth0' },
          ),
        ),
        mac: peerMac('eth0'),
      };
      const trace = evaluate(lab, 4, text, packet);
      expect({ backend, met: await met(lab, packet, 0x5000), verdict: trace.verdict, dependsOn: trace.dependsOn }).toEqual(
        backend === 'nft'
          ? { backend, met: ['ports'], verdict: 'DEPENDS', dependsOn: ['-m udp ! --dport 22'] }
          : { backend, met: [], verdict: 'ACCEPT', dependsOn: [] },
      );
    }
  });
});
