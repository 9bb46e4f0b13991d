import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/model/host/index.ts';
import { type Packet, packetFromJson } from '../../src/model/packet/index.ts';
import { from4 } from './cases.ts';
import { GROUP, must, openLab, peerMac } from './lab.ts';
import { transparentSocket } from './listening.ts';
import { doneRule } from './rulesets.ts';
import { evaluate, met, textOf } from './staged.ts';

describe.each<Backend>(['nft', 'legacy'])('with iptables-%s', (backend) => {
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
      what: 'whether a byte that DSCP has written over was so before, and is still, as u32 reads it',
      rules: [
        'mangle PREROUTING -m u32 --u32 0>>16&0xff=0 -j MARK --set-mark 1',
        'mangle PREROUTING -j DSCP --set-dscp 10',
        'filter INPUT -m mark --mark 1 -m u32 --u32 0>>16&0xff=0 -j DROP',
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
