import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/analysis/index.ts';
import { createKernel, type RehearsalInput, rehearse } from '../../src/kernel/index.ts';
import { hostFromFiles, hostFromTexts } from '../../src/model/host/index.ts';
import type { Packet } from '../../src/model/packet/index.ts';
import { stageOf } from '../../src/verbs/stage.ts';
import { rehearsedPacket as ssh } from './example.ts';

/** A router: a bridge with two ports, two ways out, and rules of policy routing that choose between them. */
const facts = {
  links: [
    { name: 'br0', kind: 'bridge' },
    { name: 'lan1', master: 'br0' },
    { name: 'lan2', master: 'br0' },
    { name: 'wan1' },
    { name: 'wan2' },
  ],
  addresses: [
    { link: 'br0', address: '10.0.0.1/24' },
    { link: 'br0', address: '2001:db8:a::1/64' },
    { link: 'wan1', address: '198.51.100.1/24' },
    { link: 'wan2', address: '203.0.113.1/24' },
  ],
  routes: [
    { to: 'default', via: '198.51.100.254', link: 'wan1' },
    { to: 'default', via: '203.0.113.254', link: 'wan2', table: '100' },
    { to: '192.0.2.0/24', type: 'blackhole', table: '100' },
    { to: 'default', family: 6, link: 'wan1', metric: 100 },
    { to: 'default', family: 6, link: 'wan2', table: '100' },
  ],
  routingRules: [
    { priority: 0, table: 'local' },
    { priority: 100, table: '100', from: '10.0.0.128/25' },
    { priority: 110, table: '100', mark: '0x5/0xff' },
    { priority: 32766, table: 'main' },
    { priority: 32767, table: 'default' },
    { priority: 0, table: 'local', family: 6 },
    { priority: 90, table: '100', in: 'br0', to: '2001:db8:f::/48', family: 6 },
    { priority: 32766, table: 'main', family: 6 },
  ],
};

const four =
  '*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n' +
  '-A PREROUTING -p tcp -m tcp --dport 25 -j MARK --set-xmark 0x5/0xffffffff\nCOMMIT\n' +
  '*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i br0 -p tcp -m tcp --dport 22 -j ACCEPT\n' +
  '-A FORWARD -i br0 -o wan1 -j ACCEPT\n-A FORWARD -i br0 -o wan2 -p tcp -m tcp --dport 25 -j ACCEPT\n' +
  '-A FORWARD -i wan1 -o br0 -p tcp -m tcp --dport 80 -j ACCEPT\nCOMMIT\n';
const six =
  '*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A FORWARD -i br0 -o wan2 -j ACCEPT\nCOMMIT\n';

const from = { hook: 'forward', in: 'br0', src: 0x0a000005n, dst: 0x08080808n } as const;
const v6 = { family: 6, length: 80, src: 0x20010db8_000a_0000_0000_0000_0000_0005n } as const;
const packets: readonly (readonly [what: string, packet: Packet])[] = [
  ['to the bridge', { ...ssh, in: 'br0', src: from.src, dst: 0x0a000001n }],
  ['the usual way out', { ...ssh, ...from, out: 'wan1' }],
  ['the other, by its source', { ...ssh, ...from, src: 0x0a000085n, out: 'wan2' }],
  ['the other, by its mark', { ...ssh, ...from, dport: 25, out: 'wan2' }],
  ['into the bridge', { ...ssh, hook: 'forward', in: 'wan1', out: 'br0', dst: 0x0a000009n, dport: 80 }],
  ['IPv6, the other way', { ...ssh, ...from, ...v6, dst: 0x20010db8_000f_0000_0000_0000_0000_0001n, out: 'wan2' }],
  ['IPv6, the usual way', { ...ssh, ...from, ...v6, dst: 0x20010db8_00ff_0000_0000_0000_0000_0001n, out: 'wan1' }],
];

function stage(): ReturnType<typeof stageOf> {
  const host = hostFromFiles({
    rulesets: [{ file: 'four', text: four, family: 4 }],
    facts: { file: 'facts', text: JSON.stringify(facts) },
    readAt: 0,
  });
  if (!host.ok) throw new Error(JSON.stringify(host.problems));
  return stageOf(host.value);
}

describe.each(['nft', 'legacy'] as const)('a router rehearsed with iptables-%s', (backend) => {
  it('leads packets over its bridge and by its own rules of routing', async () => {
    const kernel = createKernel();
    const input: RehearsalInput = { ...stage(), backend, packets: true, rulesets: { 4: four, 6: six } };
    const rehearsed = await rehearse(kernel, input);
    if (!rehearsed.ok) throw new Error(JSON.stringify(rehearsed.problems));
    await using rehearsal = rehearsed.value;
    expect(rehearsal.unstaged).toEqual([]);
    const host = hostFromTexts(await kernel.read({ namespace: rehearsal.namespace }));
    const evaluator = createEvaluator(host);
    const foreseen = packets.map(([what, packet]) => {
      const trace = evaluator.trace(packet);
      const by = trace?.decidedBy;
      return `${what}: ${trace?.verdict} ${by?.chain} ${by?.rule}`;
    });
    for (let turn = 0; turn < 2; turn += 1) {
      const sent = await rehearsal.send(
        packets.map(([, packet]) => packet),
        { rules: true },
      );
      if (!sent.ok) throw new Error(JSON.stringify(sent.problems));
      const seen = packets.map(([what, { out }], index) => {
        const one = sent.value[index];
        if (one?.kind !== 'seen') return `${what}: astray, ${one?.why}`;
        if (one.verdict === 'ACCEPT') expect([what, one.out]).toEqual([what, out]);
        return `${what}: ${one.verdict} ${one.decidedBy?.chain} ${one.decidedBy?.rule}`;
      });
      expect(seen).toEqual(foreseen);
    }
    expect(foreseen).toEqual([
      'to the bridge: ACCEPT INPUT 1',
      'the usual way out: ACCEPT FORWARD 1',
      'the other, by its source: DROP FORWARD policy',
      'the other, by its mark: ACCEPT FORWARD 2',
      'into the bridge: ACCEPT FORWARD 3',
      'IPv6, the other way: ACCEPT FORWARD 1',
      'IPv6, the usual way: DROP FORWARD policy',
    ]);
  });
});
