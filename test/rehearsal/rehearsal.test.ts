import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/analysis/index.ts';
import { canonical, createKernel, type Observed, type Rehearsal, type RehearsalInput, rehearse } from '../../src/kernel/index.ts';
import { hostFromTexts } from '../../src/model/host/index.ts';
import type { Packet } from '../../src/model/packet/index.ts';
import type { Result } from '../../src/result.ts';
import { forwarded, out, rehearsalOf, rehearsedPackets, rehearsedPacket as ssh, udp } from './example.ts';

const kernel = createKernel();

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

const begin = async (input: RehearsalInput): Promise<Rehearsal> => must(await rehearse(kernel, input));
const plain = (text: string | undefined): string => (text ?? '').replace(/^#.*\n/gm, '').replace(/\[\d+:\d+\]/g, '[0:0]');

describe.each(['nft', 'legacy'] as const)('a rehearsal with iptables-%s', (backend) => {
  it('has the links, addresses and routes of the host, its sets and its rules', async () => {
    const input = rehearsalOf(backend);
    for (const withPackets of [false, true]) {
      await using rehearsal = await begin({ ...input, packets: withPackets });
      expect(rehearsal.unstaged).toEqual([]);
      const host = hostFromTexts(await kernel.read({ namespace: rehearsal.namespace }));
      if (!host.links.known || !host.addresses.known || !host.routes.known || !host.sets.known) throw new Error('unread');
      expect(host.links.value.filter(({ up }) => up).map(({ name }) => name)).toEqual(
        expect.arrayContaining(['lo', 'eth0', 'eth1']),
      );
      const wanted = host.addresses.value.filter(({ link, scope }) => link !== 'lo' && scope === 'global');
      expect(wanted.map(({ link, prefix }) => `${link} ${prefix.value} ${prefix.length}`)).toHaveLength(5);
      expect(host.routes.value.filter(({ prefix, gateway }) => prefix.length === 0 && gateway !== null)).toHaveLength(2);
      expect([...host.sets.value.keys()]).toEqual(['friends']);
      const texts = must(await rehearsal.readBack());
      expect(plain(texts[6])).toBe(input.rulesets[6]);
    }
  });

  it('prints rules back as the kernel has them', async () => {
    const text =
      '*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n-A INPUT --protocol tcp --dport ssh --src 192.0.2.7/24 -m state --state NEW --jump LOG\nCOMMIT\n';
    const texts = must(await canonical(kernel, { backend, rulesets: { 4: text } }));
    expect(plain(texts[4])).toContain('-A INPUT -s 192.0.2.0/24 -p tcp -m tcp --dport 22 -m state --state NEW -j LOG\n');
    expect(texts[6]).toBeUndefined();
    const again = must(await canonical(kernel, { backend, rulesets: texts }));
    expect(plain(again[4])).toBe(plain(texts[4]));
  });

  it('does with each packet what the interpreter says, by the same rule', { timeout: 60_000 }, async () => {
    await using rehearsal = await begin(rehearsalOf(backend));
    const evaluator = createEvaluator(hostFromTexts(await kernel.read({ namespace: rehearsal.namespace })));
    const foreseen = rehearsedPackets.map(([what, packet]) => {
      const trace = evaluator.trace(packet);
      return `${what}: ${trace?.verdict === 'REJECT' ? 'DROP' : trace?.verdict} ${said(trace?.decidedBy)}`;
    });
    const shots = rehearsedPackets.map(([, packet]) => packet);
    const seen = must(await rehearsal.send(shots, { rules: true }));
    expect(rehearsedPackets.map(([what], index) => `${what}: ${verdict(seen[index])} ${decider(seen[index])}`)).toEqual(foreseen);
    const plainly = must(await rehearsal.send(shots));
    expect(plainly.map(verdict)).toEqual(seen.map(verdict));
  });

  it('sends for the user, in the frame and in the class of service that a packet says', { timeout: 60_000 }, async () => {
    const text =
      '*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n' +
      '-A OUTPUT -m owner --uid-owner 33 --gid-owner 40-44 -j DROP\n' +
      '-A INPUT -m pkttype --pkt-type broadcast -m dscp --dscp 0x10 -j ACCEPT\nCOMMIT\n';
    await using rehearsal = await begin({ ...rehearsalOf(backend), rulesets: { 4: text, 6: text } });
    const evaluator = createEvaluator(hostFromTexts(await kernel.read({ namespace: rehearsal.namespace })));
    const shots: Packet[] = [
      { ...ssh, ...out, uid: 33, gid: 44 },
      { ...ssh, ...out, sport: 40001, uid: 33, gid: 45 },
      { ...ssh, ...out, sport: 40002, uid: 4_294_967_294, gid: 44 },
      { ...ssh, ...udp, pktType: 'broadcast', tos: 0x43 },
      { ...ssh, ...udp, sport: 40003, pktType: 'broadcast', tos: 0x44 },
      { ...ssh, ...udp, sport: 40004, pktType: 'multicast', tos: 0x40 },
    ];
    const seen = must(await rehearsal.send(shots, { rules: true }));
    const foreseen = shots.map((packet) => evaluator.trace(packet));
    expect(seen.map((one) => `${verdict(one)} ${decider(one)}`)).toEqual(
      foreseen.map((trace) => `${trace?.verdict} ${said(trace?.decidedBy)}`),
    );
    expect(foreseen.map((trace) => trace?.verdict)).toEqual(['DROP', 'ACCEPT', 'ACCEPT', 'ACCEPT', 'DROP', 'DROP']);
    const [unsent] = must(await rehearsal.send([{ ...ssh, ...out, sport: 40005, uid: null, gid: null }]));
    expect(verdict(unsent)).not.toBe('ACCEPT');
  });

  it('counts for limits once, and tells their rule', async () => {
    const input = rehearsalOf(backend);
    const dns: Packet = { ...ssh, ...udp, dport: 53 };
    const shots = Array.from({ length: 8 }, (_, index): Packet => ({ ...dns, sport: 50000 + index }));
    for (const rules of [false, true]) {
      await using rehearsal = await begin(input);
      const seen = must(await rehearsal.send(shots, { rules }));
      expect(seen.map(verdict)).toEqual([...Array(3).fill('ACCEPT'), ...Array(5).fill('DROP')]);
      if (rules) expect(seen.map(decider)).toEqual([...Array(3).fill('filter INPUT 4'), ...Array(5).fill('filter INPUT policy')]);
    }
  });

  it('numbers rules without conditions, which legacy tables trace as policies', async () => {
    const text =
      '*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:a - [0:0]\n-A INPUT -p udp -j a\n-A INPUT -j ACCEPT\n-A a -s 203.0.113.9/32 -j RETURN\n-A a -j DROP\nCOMMIT\n';
    await using rehearsal = await begin({ ...rehearsalOf(backend), rulesets: { 4: text } });
    const shots: Packet[] = [ssh, { ...ssh, ...udp }, { ...ssh, ...udp, src: 0xcb007108n }];
    const seen = must(await rehearsal.send(shots, { rules: true }));
    expect(seen.map(rulesOf)).toEqual([
      ['filter INPUT 2'],
      ['filter INPUT 1', 'filter a 1', 'filter INPUT 2'],
      ['filter INPUT 1', 'filter a 2'],
    ]);
  });

  it('takes thousands at once, and loses none', { timeout: 60_000 }, async () => {
    await using rehearsal = await begin(rehearsalOf(backend));
    const shots = Array.from(
      { length: 40_000 },
      (_, index): Packet => ({ ...ssh, sport: 1024 + (index % 60_000), dport: index % 2 === 0 ? 22 : 23 }),
    );
    const seen = must(await rehearsal.send(shots));
    expect(seen.filter((one, index) => verdict(one) !== (index % 2 === 0 ? 'ACCEPT' : 'DROP'))).toEqual([]);
  });

  it('says where a refused rule stands', async () => {
    const input = rehearsalOf(backend);
    const text = input.rulesets[4].replace('--match-set friends', '--match-set foes');
    const refused = await rehearse(kernel, { ...input, rulesets: { 4: text }, files: { 4: 'web.rules' } });
    expect(refused.ok || refused.problems).toEqual([
      {
        code: 'restore-refused',
        at: { file: 'web.rules', line: 15 },
        message: 'there is no set foes ("-A web -m set --match-set foes src -j ACCEPT")',
        hint: expect.any(String),
      },
    ]);
  });
});

it('says what a packet was that no rule took', async () => {
  const input = rehearsalOf('nft');
  await using rehearsal = await begin({ ...input, routes: [] });
  const shots: Packet[] = [
    { ...ssh, dst: 0x0a000005n },
    { ...ssh, ...forwarded, dst: ssh.dst },
    { ...ssh, ...forwarded, dst: 0x08080808n },
    { ...ssh, in: 'wlan7' },
    { ...ssh, ...out, dst: 0x08080808n },
  ];
  for (const rules of [false, true]) {
    const seen = must(await rehearsal.send(shots, { rules }));
    expect(seen.map((one) => (one.kind === 'astray' ? one.why : one.verdict))).toEqual([
      'its destination is not this host',
      'its destination is this host',
      'no route leads it on',
      'it could not be sent: no such link could be made',
      expect.stringContaining('ENETUNREACH'),
    ]);
  }
});

it('does not send what is RELATED to nothing that can be opened', async () => {
  await using rehearsal = await begin(rehearsalOf('nft'));
  const error: Packet = { ...ssh, proto: 1, flags: 0, sport: null, dport: null, icmpType: 3, icmpCode: 1, state: 'RELATED' };
  const shots: Packet[] = [
    { ...ssh, state: 'RELATED' },
    { ...error, icmpType: 5 },
    { ...error, length: 40 },
  ];
  const why = 'its connection could not be opened';
  expect(must(await rehearsal.send(shots)).map(verdict)).toEqual(Array(3).fill(`astray: ${why}`));
  expect(must(await rehearsal.send([...shots, error])).map(verdict)).toEqual([...Array(3).fill(`astray: ${why}`), 'ACCEPT']);
});

it('does not call a packet new whose connection it has opened itself', async () => {
  await using rehearsal = await begin(rehearsalOf('nft'));
  const established: Packet = { ...ssh, state: 'ESTABLISHED', flags: 16, status: 10, dport: 23 };
  const fresh: Packet = { ...ssh, dport: 23 };
  const said = 'astray: a connection with its ends was opened for another packet, so that it is not new';
  expect(must(await rehearsal.send([fresh])).map(verdict)).toEqual(['DROP']);
  expect(must(await rehearsal.send([fresh, established])).map(verdict)).toEqual([said, 'ACCEPT']);
  expect(must(await rehearsal.send([fresh, { ...fresh, sport: 40009 }])).map(verdict)).toEqual([said, 'DROP']);
});

it('says what could not be made as on the host, and goes on', async () => {
  const input = rehearsalOf('nft');
  await using rehearsal = await begin({
    ...input,
    links: [...(input.links ?? []), { name: 'a b' }, { name: 'x\nlink delete eth0' }, { name: 'lo' }],
    addresses: [
      ...(input.addresses ?? []),
      { link: 'nosuch0', address: '192.0.2.1/24' },
      { link: 'eth0', address: '1.2.3.4/24 dev lo' },
      { link: 'eth0', address: '1.2.3.4/99' },
    ],
    routes: [
      ...(input.routes ?? []),
      { to: '192.0.2.0/24', link: 'nosuch0' },
      { to: '192.0.3.0/24', link: 'eth0', table: 'nosuch' },
    ],
    rules: [
      { family: 4, priority: 7, action: 'table', table: 'x y' },
      { family: 4, priority: 8, action: 'table', table: '8', other: ['uidrange 0-99'] },
      { family: 4, priority: 9, action: 'table', table: 'nosuch' },
      { family: 4, priority: 32766, action: 'table', table: 'main' },
    ],
  });
  expect(rehearsal.unstaged).toEqual([
    'the link a b: no link can have such a name here',
    expect.stringContaining('no link can have such a name here'),
    'the address 1.2.3.4/24 dev lo of eth0',
    'the address 192.0.2.1/24 of nosuch0: Cannot find device "nosuch0"',
    expect.stringContaining('the address 1.2.3.4/99 of eth0: any valid prefix is expected'),
    'the route to 192.0.2.0/24 over nosuch0: Cannot find device "nosuch0"',
    expect.stringContaining('the route to 192.0.3.0/24 over eth0: argument "nosuch" is wrong'),
    'the IPv4 routing rule 7',
    'the IPv4 routing rule 8',
    expect.stringContaining('the IPv4 routing rule 9: argument "nosuch" is wrong'),
  ]);
  expect(must(await rehearsal.send([ssh])).map(verdict)).toEqual(['ACCEPT']);
});

it('has no links for packets unless it was asked for them', async () => {
  await using rehearsal = await begin({ ...rehearsalOf('nft'), packets: false });
  const sent = await rehearsal.send([ssh]);
  expect(sent.ok || sent.problems[0]?.code).toBe('usage');
});

function verdict(one: Observed | undefined): string {
  return one?.kind === 'seen' ? one.verdict : `astray: ${one?.why}`;
}

function said(
  by: { readonly table: string; readonly chain: string; readonly rule: number | 'policy' } | null | undefined,
): string {
  return by ? `${by.table} ${by.chain} ${by.rule}` : 'nothing';
}

function decider(one: Observed | undefined): string {
  return one?.kind === 'seen' ? said(one.decidedBy) : '';
}

function rulesOf(one: Observed): readonly string[] {
  return one.kind === 'seen' ? one.rules.map(said) : [];
}
