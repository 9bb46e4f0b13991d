import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/analysis/index.ts';
import type { Backend } from '../../src/model/host/index.ts';
import type { Family } from '../../src/model/net/index.ts';
import { type Packet, packetFromJson, type Trace } from '../../src/model/packet/index.ts';
import { parseRuleset } from '../../src/model/ruleset/index.ts';
import { type Case, cases, from4 } from './cases.ts';
import { GROUP, idOf, type Lab, must, openLab, peerMac, sourceOf } from './lab.ts';
import { lastPacket } from './last.ts';
import { transparentSocket } from './listening.ts';
import { doneRule, ruleName } from './rulesets.ts';

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
      const report = ` -j NFLOG --nflog-group ${GROUP} --nflog-prefix ${ruleName({ table, chain, rule: number })}`;
      lines.push(`-A ${rule}${rule.includes(' -j ') ? '' : report}`);
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

  it('exempts what comes back over loopback if tracking did not want it on its way out', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    const rules = ['raw PREROUTING -i lo -j NOTRACK', 'mangle INPUT -m conntrack --ctstate UNTRACKED'];
    const text = textOf({ family: 4, rules });
    await lab.load(4, text);
    for (const [index, state] of (['INVALID', 'NEW'] as const).entries()) {
      const flags = state === 'NEW' ? (['SYN'] as const) : (['FIN'] as const);
      const json = {
        ...from4,
        hook: 'output',
        in: 'lo',
        out: 'lo',
        src: '10.50.0.9',
        proto: 'tcp',
        sport: 1050 + index,
        dport: 9,
      };
      const out: Packet = { ...must(packetFromJson({ ...json, in: undefined, mac: undefined, flags, state }, { link: 'lo' })) };
      const back: Packet = { ...out, hook: 'input', in: 'lo', out: null, mac: 0 };
      const expected = evaluate(lab, 4, text, back).path.filter(({ effect }) => effect === 'log');
      expect(await met(lab, out, 0x3100 + index)).toEqual(expected.map(ruleName));
      expect(expected.map(ruleName)).toEqual(state === 'NEW' ? [] : ['mangle:INPUT:1']);
    }
  });

  it('says of an IPv4 fragment that the kernel waits before INPUT for the rest', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    const text = textOf({ family: 4, rules: ['mangle PREROUTING', 'filter INPUT'] });
    await lab.load(4, text);
    const packet = must(packetFromJson({ ...from4, proto: 'udp', fragment: true }, { link: 'eth0' }));
    expect(await met(lab, packet, 0x3200)).toEqual(['mangle:PREROUTING:1']);
    expect(evaluate(lab, 4, text, packet).assumed.join()).toContain('before INPUT');
  });

  it('says of a fragment that a rule with TPROXY makes the kernel wait for the rest', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    const text = textOf({ family: 4, rules: ['raw PREROUTING', 'mangle PREROUTING -p tcp -j TPROXY --on-port 9'] });
    await lab.load(4, text);
    const packet = must(packetFromJson({ ...from4, proto: 'udp', fragment: true }, { link: 'eth0' }));
    expect(await met(lab, packet, 0x3201)).toEqual([]);
    expect(evaluate(lab, 4, text, packet).assumed.join()).toContain('TPROXY');
  });

  it.each([
    {
      what: 'whether a choice of destinations translates at all, if the packet has one of them',
      rules: [
        'nat PREROUTING -p udp -j DNAT --to-destination 10.50.0.5-10.50.0.6',
        'filter INPUT -m conntrack --ctstate DNAT -j DROP',
        'security INPUT',
      ],
      proto: 'udp',
      // Which it takes hangs on the addresses.
      senders: 24,
      each: true,
      packet: {},
    },
    {
      what: 'ports of a DCCP connection, which Linux has tracked until 6.16',
      rules: ['filter INPUT -p dccp -m conntrack --ctorigdstport 9 -j DROP', 'security INPUT'],
      proto: 'dccp',
      senders: 2,
      each: false,
      packet: {},
    },
    {
      what: 'whether TCPMSS adds its option to a packet without data, which it does where there is none',
      rules: [
        'mangle PREROUTING -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 500',
        'filter INPUT -m length --length 44 -j DROP',
        'security INPUT',
      ],
      proto: 'tcp',
      senders: 2,
      each: false,
      packet: { length: 40 },
    },
    {
      what: 'whether a bit that DSCP has written over was set before',
      rules: [
        'mangle PREROUTING -m dscp --dscp 0 -j MARK --set-mark 1',
        'mangle PREROUTING -j DSCP --set-dscp 10',
        'filter INPUT -m mark --mark 1 -m dscp --dscp 0 -j DROP',
        'security INPUT',
      ],
      proto: 'udp',
      senders: 2,
      each: false,
      packet: {},
    },
  ] as const)('leaves open $what', { timeout: 60_000 }, async ({ rules, proto, senders, each, packet: said }) => {
    await using lab = await openLab(backend);
    const text = textOf({ family: 4, rules });
    await lab.load(4, text);
    const seen = new Set<string>();
    let foreseen: readonly string[] = [];
    for (let sender = 0; sender < senders; sender += 1) {
      const json = { ...from4, src: `192.0.2.${sender + 1}`, proto, sport: 1060 + sender, dport: 9, ...said };
      const packet = must(packetFromJson(json, { link: 'eth0' }));
      const trace = evaluate(lab, 4, text, packet);
      expect(trace.verdict).toBe('DEPENDS');
      foreseen = trace.outcomes.map(({ verdict }) => verdict);
      seen.add((await met(lab, packet, 0x3300 + sender)).some((name) => name.startsWith('security')) ? 'ACCEPT' : 'DROP');
    }
    if (each) expect(seen).toEqual(new Set(foreseen));
    else expect([...seen].filter((verdict) => !foreseen.includes(verdict))).toEqual([]);
  });

  it('hands over to a transparent socket if there is one, marks, and drops otherwise', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    const rules = [
      'mangle PREROUTING -p udp -j TPROXY --on-ip 10.50.0.5 --on-port 5000 --tproxy-mark 0x1/0x1',
      'mangle PREROUTING',
      'filter INPUT -m mark --mark 1',
      'security INPUT',
    ];
    const text = textOf({ family: 4, rules });
    await lab.load(4, text);
    const packet = must(packetFromJson({ ...from4, proto: 'udp', sport: 1090, dport: 9 }, { link: 'eth0' }));
    const trace = evaluate(lab, 4, text, packet);
    expect(trace.outcomes.map(({ verdict }) => verdict)).toEqual(['DROP', 'ACCEPT']);
    expect(trace.dependsOn).toEqual(['a transparent socket takes what mangle PREROUTING rule 1 hands over']);
    expect(await met(lab, packet, 0x5100)).toEqual([]);
    using _ = transparentSocket(lab.firewall.pid, [10, 50, 0, 5], 5000);
    expect(await met(lab, packet, 0x5101)).toEqual(['filter:INPUT:1', 'security:INPUT:1']);
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
