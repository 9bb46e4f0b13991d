import { describe, expect, it } from 'vitest';
import type { Packet } from '../model/packet/index.ts';
import { base, base6, client, drain, firewall, kinds, link, open, run, sender } from './joined.fixture.ts';
import { frame, identify, ipPacket, openRawOutput, openSender } from './packets.ts';

const onWire: readonly (readonly [name: string, packet: Packet, match: string])[] = [
  ...kinds.flatMap(([name, part, match]): [string, Packet, string][] => [
    [name, { ...base, ...part }, `${match} -s 203.0.113.9 -d 198.51.100.1 -m length --length 60 -m ttl --ttl-eq 61`],
    [name, { ...base6, ...part }, `${match} -s 2001:db8:2::9 -d 2001:db8:1::1 -m length --length 80 -m hl --hl-eq 61`],
  ]),
  ['flags FIN URG', { ...base, flags: 33 }, '-p tcp --tcp-flags ALL FIN,URG'],
  ['flags none', { ...base6, flags: 0 }, '-p tcp --tcp-flags ALL NONE'],
  ['flags RST PSH ACK', { ...base, flags: 28 }, '-p tcp --tcp-flags ALL RST,PSH,ACK'],
  ['dccp', { ...base, proto: 33, flags: 0 }, '-p dccp -m dccp --sport 40000 --dport 22 --dccp-types REQUEST'],
  ['echo', { ...base, proto: 1, flags: 0, icmpType: 8, icmpCode: 0 }, '-p icmp --icmp-type 8/0'],
  ['icmp error', { ...base, proto: 1, flags: 0, icmpType: 3, icmpCode: 10 }, '-p icmp --icmp-type 3/10'],
  ['echo', { ...base6, proto: 58, flags: 0, icmpType: 128, icmpCode: 0 }, '-p icmpv6 --icmpv6-type 128/0'],
  ['long', { ...base, length: 1501, proto: 17, flags: 0 }, '-p udp -m length --length 1501'],
  ['longest', { ...base, length: 65535, proto: 17, flags: 0 }, '-p udp -m length --length 65535'],
  ['longest', { ...base6, length: 65535 }, '-p tcp -m length --length 65535'],
  ['shortest', { ...base, length: 40 }, '-p tcp --dport 22 -m length --length 40'],
  ['cut inside the header', { ...base, length: 30, proto: 17, flags: 0 }, '-p udp -m length --length 30'],
  ['no transport at all', { ...base, length: 20, proto: 17, flags: 0 }, '-p udp -m length --length 20'],
  ['another MAC', { ...base, mac: 0x02_00_00_00_00_77 }, '-m mac --mac-source 02:00:00:00:00:77'],
  ['later fragment', { ...base, fragment: true, sport: null, dport: null, flags: 0 }, '-p tcp -f'],
  ['later fragment', { ...base6, fragment: true, sport: null, dport: null, flags: 0 }, '-m ipv6header --header frag --soft'],
];

describe('a packet on the wire', () => {
  it.each([
    ['IPv4', base],
    ['IPv6', base6],
  ])(
    '20,000 sent are 20,000 counted, each found by its id: %s',
    async (_name, packet) => {
      using nflog = open(7);
      using out = sender();
      for (let id = 1; id <= 20_000; id += 1) out.send(frame(packet, link, id));
      const got = await drain(nflog);
      expect(nflog.lost()).toBe(0);
      expect(got.map((each) => identify(each.payload))).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1));
    },
    60_000,
  );

  it.each(onWire)('is what iptables sees: %s', async (_name, packet, match) => {
    const tool = packet.family === 4 ? 'iptables' : 'ip6tables';
    run(firewall, `${tool} -t raw -I PREROUTING ${match} -j NFLOG --nflog-group 9`);
    try {
      using nflog = open(9);
      using out = sender();
      out.send(frame(packet, link, 77));
      const got = await drain(nflog);
      expect(got).toHaveLength(1);
      expect(identify(got[0]?.payload ?? new Uint8Array())).toBe(77);
    } finally {
      run(firewall, `${tool} -t raw -D PREROUTING ${match} -j NFLOG --nflog-group 9`);
    }
  });

  it('carries everything that a reader wants to know', async () => {
    using nflog = open(7, { copyBytes: 40 });
    using out = sender();
    const before = Date.now();
    out.send(frame(base, link, 5));
    out.send(frame(base6, link, 0xfffffffe));
    const [v4, v6] = await drain(nflog);
    expect({ ...v4, at: null, payload: null }).toEqual({
      at: null,
      prefix: 'in:',
      family: 4,
      hook: 0,
      in: 'f0',
      out: null,
      mark: 0,
      hwSource: 0x020000000001,
      uid: null,
      gid: null,
      seq: 0,
      payload: null,
    });
    expect(v6).toMatchObject({ family: 6, seq: 1 });
    // Cut after the IPv6 header: only the flow label's 20 bits are left.
    expect(identify(v6?.payload ?? new Uint8Array())).toBe(0xffffe);
    expect(v4?.payload.length).toBe(40);
    expect(Math.abs((v4?.at ?? before) - before)).toBeLessThan(5000);
  });

  it('waits for a link that is full instead of losing', async () => {
    run(client, 'tc qdisc add dev c0 root tbf rate 2mbit burst 2kb limit 1500');
    try {
      using nflog = open(7);
      using out = sender();
      for (let id = 1; id <= 300; id += 1) out.send(frame(base, link, id));
      const got = await drain(nflog);
      expect(got).toHaveLength(300);
    } finally {
      run(client, 'tc qdisc del dev c0 root');
    }
  });

  it.each([
    ['IPv4', base],
    ['IPv6', base6],
  ])('is sent as if the host had made it, through OUTPUT and with a mark: %s', async (_name, packet) => {
    const opened = openRawOutput({ family: packet.family, namespacePid: firewall });
    if (!opened.ok) throw new Error(opened.problems[0]?.message);
    using output = opened.value;
    using nflog = open(8);
    const going: Packet = { ...packet, hook: 'output', in: null, out: 'f0', src: packet.dst, dst: packet.src };
    output.send(ipPacket(going, 1));
    output.send(ipPacket(going, 2), 0x2a);
    output.send(ipPacket(going, 3), 0);
    const got = await drain(nflog);
    expect(got.map((each) => identify(each.payload))).toEqual([2]);
    expect(got[0]).toMatchObject({ prefix: 'out:', hook: 3, in: null, out: 'f0', mark: 0x2a });
  });

  it('refuses, in words, a link that is not there and a namespace that is gone', () => {
    const noLink = openSender({ link: 'nosuch0', namespacePid: client });
    const longName = openSender({ link: 'a-name-longer-than-any-link', namespacePid: client });
    const gone = openSender({ link: 'c0', namespacePid: 4194304 });
    expect(noLink.ok || noLink.problems[0]?.message).toBe('the link nosuch0 cannot be sent on (ENODEV)');
    expect(longName.ok || longName.problems[0]?.message).toContain('ENODEV');
    expect(gone.ok || gone.problems[0]?.code).toBe('no-namespace');
  });

  it('says EMSGSIZE when a frame is longer than the link takes', () => {
    run(client, 'ip link set c0 mtu 1500');
    using out = sender();
    expect(() => out.send(frame({ ...base, length: 1600 }, link, 1))).toThrow('EMSGSIZE');
    run(client, 'ip link set c0 mtu 65535');
  });

  it('has a length with room for its IP header', () => {
    expect(() => frame({ ...base, length: 19 }, link, 1)).toThrow(RangeError);
    expect(() => frame({ ...base6, length: 39 }, link, 1)).toThrow(RangeError);
  });
});
