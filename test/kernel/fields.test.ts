import { describe, expect, it } from 'vitest';
import type { Backend } from '../../src/model/host/index.ts';
import { kernelUid, type Packet, packetFromJson } from '../../src/model/packet/index.ts';
import { from4 } from './cases.ts';
import { GROUP, type Lab, must, openLab } from './lab.ts';
import { lastPacket } from './last.ts';
import { doneRule } from './rulesets.ts';
import { evaluate } from './staged.ts';

const questions = [
  '--socket-exists',
  '! --socket-exists',
  '--uid-owner 0-4294967294',
  '! --uid-owner 0-4294967294',
  '--uid-owner 33',
  '! --uid-owner 33',
  '--gid-owner 44',
  '! --gid-owner 44',
  '--socket-exists ! --uid-owner 33',
  '! --socket-exists ! --uid-owner 33',
  '! --uid-owner 33 --gid-owner 44',
  '! --uid-owner 1 ! --gid-owner 1',
  '! --gid-owner 1 --suppl-groups',
  '--gid-owner 44 --suppl-groups',
];

/** Every question of POSTROUTING by its index, of packets that one condition tells. */
function textOf(condition: string): string {
  const asks = questions.map(
    (question, index) =>
      `-A POSTROUTING ${condition} -m owner ${question} -j NFLOG --nflog-group ${GROUP} --nflog-prefix ${index}`,
  );
  const head = ['*raw', ':PREROUTING ACCEPT [0:0]', doneRule(4), 'COMMIT', '*mangle', ':POSTROUTING ACCEPT [0:0]'];
  return [...head, ...asks, 'COMMIT', ''].join('\n');
}

/** The questions that the interpreter answers with yes. */
function said(lab: Lab, text: string, packet: Packet): readonly string[] {
  return evaluate(lab, 4, text, packet).path.flatMap(({ rule, effect, maybe }) =>
    effect === 'log' ? [`${questions[Number(rule) - 1]}${maybe ? ' maybe' : ''}`] : [],
  );
}

/** Those to which the kernel says yes, of whatever passes while the packet is sent. */
async function heard(lab: Lab, packet: Packet): Promise<readonly string[]> {
  lab.send(packet, 0x1234);
  const logged = await lab.logged(lastPacket(4));
  return logged.map(({ prefix }) => questions[Number(prefix)] ?? prefix);
}

describe.each<Backend>(['nft', 'legacy'])('with iptables-%s', (backend) => {
  it('a packet has the owner that the kernel says', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    const out = { hook: 'output', src: '10.50.0.1', dst: '203.0.113.5', out: 'lan0', proto: 'udp', dport: 9 } as const;
    const program = (uid: number, gid: number): Packet => must(packetFromJson({ ...out, uid, gid }, { link: null }));
    const ofProgram = textOf('-p udp');
    await lab.load(4, ofProgram);
    for (const [uid, gid] of [
      [33, 44],
      [33, 1],
      [0, 44],
      [4_294_967_294, 4_294_967_294],
    ] as const) {
      const packet = program(uid, gid);
      const own = (await heard(lab, packet)).filter((question) => !question.includes('suppl'));
      expect({ uid, gid, own }).toEqual({ uid, gid, own: said(lab, ofProgram, packet).filter((one) => !one.includes('suppl')) });
    }

    // What is routed on has no socket.
    const routed = must(
      packetFromJson({ ...from4, hook: 'forward', out: 'lan0', dst: '203.0.113.5', proto: 'udp', dport: 9 }, { link: null }),
    );
    const withoutSocket = said(lab, ofProgram, routed);
    expect(await heard(lab, routed)).toEqual(withoutSocket);
    expect(withoutSocket).toContain('! --socket-exists');
    expect(withoutSocket).not.toContain('! --gid-owner 1 --suppl-groups');

    // What the kernel answers to a datagram that nobody takes comes from a socket without a file.
    const ofKernel = textOf('-p icmp -d 192.0.2.77');
    await lab.load(4, ofKernel);
    const refused = must(packetFromJson({ ...from4, src: '192.0.2.77', proto: 'udp', dport: 9 }, { link: 'eth0' }));
    const answer = must(
      packetFromJson(
        { ...out, dst: '192.0.2.77', dport: undefined, proto: 'icmp', icmpType: 3, icmpCode: 3, uid: kernelUid },
        { link: null },
      ),
    );
    const bySocket = said(lab, ofKernel, answer);
    expect(await heard(lab, refused)).toEqual(bySocket);
    expect(bySocket).toContain('--socket-exists');
    expect(bySocket).toContain('! --gid-owner 1 --suppl-groups');
    expect(bySocket).not.toContain('--uid-owner 0-4294967294');
  });

  it('what the host sends is unicast, whatever its address', { timeout: 60_000 }, async () => {
    await using lab = await openLab(backend);
    const report = (chain: string, type: string): string =>
      `-A ${chain} -m pkttype --pkt-type ${type} -j NFLOG --nflog-group ${GROUP} --nflog-prefix ${chain}:${type}`;
    const all = ['unicast', 'broadcast', 'multicast'];
    const own = ['OUTPUT', 'POSTROUTING'].flatMap((chain) => all.map((type) => report(chain, type)));
    const raw = ['*raw', ':PREROUTING ACCEPT [0:0]', doneRule(4), 'COMMIT'];
    await lab.load(4, [...raw, '*mangle', ':OUTPUT ACCEPT [0:0]', ':POSTROUTING ACCEPT [0:0]', ...own, 'COMMIT', ''].join('\n'));
    for (const dst of ['203.0.113.5', '224.0.0.9']) {
      const json = { hook: 'output', src: '10.50.0.1', dst, out: 'lan0', proto: 'udp', dport: 9 };
      lab.send(must(packetFromJson(json, { link: null })), 0x2000);
      const seen = (await lab.logged(lastPacket(4))).map(({ prefix }) => prefix);
      expect({ dst, seen: [...new Set(seen)] }).toEqual({ dst, seen: ['OUTPUT:unicast', 'POSTROUTING:unicast'] });
    }
  });
});
