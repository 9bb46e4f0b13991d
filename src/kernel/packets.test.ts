import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Packet } from '../model/packet/index.ts';
import { type Nflog, type NflogPacket, openNflog } from './nflog.ts';
import { frame, identify, ipPacket, openRawOutput, openSender } from './packets.ts';

/**
 * Two namespaces joined by a veth: `client` sends, `firewall` counts. Each is held by a `cat` that ends with its input.
 * Everything happens in namespaces of our own making, whoever runs this.
 */
const held: ChildProcess[] = [];
let client = 0;
let firewall = 0;

async function hold(): Promise<number> {
  const child = spawn('unshare', ['-n', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
  held.push(child);
  const pid = child.pid as number;
  const ours = readlinkSync('/proc/self/ns/net');
  while (readlinkSync(`/proc/${pid}/ns/net`) === ours) await sleep(5);
  return pid;
}

function run(pid: number, command: string): string {
  return execFileSync('nsenter', ['-t', String(pid), '-n', ...command.split(' ')], {
    encoding: 'latin1',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', XTABLES_LOCKFILE: `/tmp/palisade-packets-${process.pid}.lock` },
  });
}

beforeAll(async () => {
  client = await hold();
  firewall = await hold();
  run(
    client,
    `ip link add c0 address 02:00:00:00:00:01 mtu 65535 type veth peer name f0 address 02:00:00:00:00:02 mtu 65535 netns ${firewall}`,
  );
  run(client, 'ip link set c0 up');
  for (const link of ['lo', 'f0']) run(firewall, `ip link set ${link} up`);
  run(firewall, 'ip address add 198.51.100.1/24 dev f0');
  run(firewall, 'ip -6 address add 2001:db8:1::1/64 dev f0 nodad');
  run(firewall, 'ip route add default dev f0');
  run(firewall, 'ip -6 route add default dev f0');
  run(firewall, 'sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.f0.rp_filter=0');
  // The tests' own packets arrive with TTL 61 and nothing else does: the kernel's neighbour discovery stays out.
  run(firewall, 'iptables -t raw -A PREROUTING -m ttl --ttl-eq 61 -j NFLOG --nflog-group 7 --nflog-prefix in:');
  run(firewall, 'ip6tables -t raw -A PREROUTING -m hl --hl-eq 61 -j NFLOG --nflog-group 7 --nflog-prefix in:');
  for (const tool of ['iptables', 'ip6tables']) {
    run(firewall, `${tool} -t filter -A OUTPUT -m mark --mark 0x2a -j NFLOG --nflog-group 8 --nflog-prefix out:`);
  }
}, 30_000);

afterAll(() => {
  for (const child of held) child.stdin?.end();
});

const base: Packet = {
  family: 4,
  hook: 'input',
  in: 'f0',
  out: null,
  src: 0xcb007109n,
  dst: 0xc6336401n,
  proto: 6,
  sport: 40000,
  dport: 22,
  icmpType: null,
  icmpCode: null,
  flags: 2,
  state: 'NEW',
  status: 0,
  direction: 'original',
  original: null,
  mark: 0,
  connmark: 0,
  length: 60,
  ttl: 61,
  fragment: false,
  mac: null,
};
const base6: Packet = {
  ...base,
  family: 6,
  src: 0x20010db8000200000000000000000009n,
  dst: 0x20010db8000100000000000000000001n,
  length: 80,
};
const link = { source: 0x020000000001, destination: 0x020000000002n };

function open(group: number, more: Partial<Parameters<typeof openNflog>[0]> = {}): Nflog {
  const opened = openNflog({ group, namespacePid: firewall, ...more });
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  return opened.value;
}

/** Everything up to a silence of 60 ms. */
async function drain(nflog: Nflog): Promise<NflogPacket[]> {
  const all: NflogPacket[] = [];
  for (let silent = 0; silent < 3; ) {
    const some = nflog.read();
    for (const packet of some) all.push(packet);
    silent = some.length === 0 ? silent + 1 : 0;
    if (some.length === 0) await sleep(20);
  }
  return all;
}

function sender() {
  const opened = openSender({ link: 'c0', namespacePid: client });
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  return opened.value;
}

/** Protocols whose frames connection tracking understands, each with a match that pins the whole header. */
const kinds: readonly (readonly [name: string, packet: Partial<Packet>, match: string])[] = [
  ['tcp SYN', { flags: 2 }, '-p tcp --sport 40000 --dport 22 --tcp-flags ALL SYN'],
  ['udp', { proto: 17, flags: 0 }, '-p udp --sport 40000 --dport 22'],
  ['udplite', { proto: 136, flags: 0 }, '-p udplite -m multiport --dports 22'],
  ['sctp', { proto: 132, flags: 0 }, '-p sctp -m sctp --sport 40000 --dport 22 --chunk-types only INIT'],
  ['gre', { proto: 47, flags: 0, sport: null, dport: null }, '-p gre'],
  ['esp', { proto: 50, flags: 0, sport: null, dport: null }, '-p esp -m esp --espspi 77'],
  ['any', { proto: 253, flags: 0, sport: null, dport: null }, '-p 253'],
];
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

describe('an NFLOG group', () => {
  it('counts exactly what it loses when it has no room', async () => {
    using nflog = open(7, { receiveBufferBytes: 1 });
    using out = sender();
    run(firewall, 'iptables -t raw -Z PREROUTING');
    for (let id = 1; id <= 20_000; id += 1) out.send(frame(base, link, id));
    const got = await drain(nflog);
    expect(nflog.lost()).toBeGreaterThan(0);
    expect(nflog.lost() + got.length).toBeLessThanOrEqual(20_000);
    out.send(frame(base, link, 20_001));
    got.push(...(await drain(nflog)));
    // The rule's own packet counter is the oracle.
    const counted = Number(/-c (\d+) \d+/.exec(run(firewall, 'iptables -t raw -v -S PREROUTING').split('\n')[1] ?? '')?.[1]);
    expect(counted).toBe(20_001);
    expect(nflog.lost() + got.length).toBe(counted);
  });

  it('has one reader, and the second is told who it is', () => {
    using _first = open(7);
    const second = openNflog({ group: 7, namespacePid: firewall });
    expect(second.ok || second.problems[0]?.message).toBe(
      `NFLOG group 7 is already read by node (process ${process.pid}), and a group has one reader`,
    );
  });

  it('is free again once its reader is closed', () => {
    open(7)[Symbol.dispose]();
    using again = open(7);
    expect(again.read()).toEqual([]);
  });

  it('is followed until the signal aborts', async () => {
    using nflog = open(7);
    using out = sender();
    const stop = new AbortController();
    const seen: (number | undefined)[] = [];
    const ended = (async () => {
      for await (const { packets } of nflog.follow(stop.signal)) {
        for (const packet of packets) seen.push(identify(packet.payload));
      }
    })();
    for (let id = 1; id <= 3; id += 1) {
      out.send(frame(base, link, id));
      while (seen.length < id) await sleep(5);
    }
    expect(seen).toEqual([1, 2, 3]);
    stop.abort();
    await ended;
  });

  it('leaves the choice of loggers of its namespace alone', () => {
    const before = run(firewall, 'sysctl net.netfilter.nf_log');
    open(7)[Symbol.dispose]();
    expect(run(firewall, 'sysctl net.netfilter.nf_log')).toBe(before);
  });
});

describe('connection tracking', () => {
  const known = [
    ...kinds.flatMap(([name, part]): [string, Packet][] => [
      [`${name} over IPv4`, { ...base, ...part }],
      [`${name} over IPv6`, { ...base6, ...part }],
    ]),
    ['echo over IPv4', { ...base, proto: 1, flags: 0, icmpType: 8, icmpCode: 0 }],
    ['echo over IPv6', { ...base6, proto: 58, flags: 0, icmpType: 128, icmpCode: 0 }],
  ] as [string, Packet][];
  const checked = known.filter(([name]) => /^(tcp|udp|sctp|echo) /.test(name));

  beforeAll(() => {
    for (const tool of ['iptables', 'ip6tables']) {
      for (const state of ['NEW', 'INVALID']) {
        run(firewall, `${tool} -A INPUT -i f0 -m conntrack --ctstate ${state} -j NFLOG --nflog-group 10 --nflog-prefix ${state}`);
      }
    }
  });

  async function stateOf(bytes: Uint8Array): Promise<string[]> {
    using nflog = open(10);
    using out = sender();
    out.send(bytes);
    return (await drain(nflog)).map((each) => each.prefix);
  }

  // UDP-Lite is right too, but the kernel sums it with UDP's protocol number (net/netfilter/nf_conntrack_proto_udp.c,
  // udplite_error), so with checksums on it takes only wrong sums.
  it.each(known)('takes as NEW, with its checksums on where it knows them: %s', async (name, packet) => {
    run(firewall, `sysctl -qw net.netfilter.nf_conntrack_checksum=${name.startsWith('udplite') ? 0 : 1}`);
    expect(await stateOf(frame(packet, link, 78))).toEqual(['NEW']);
  });

  it.each(checked)('would notice a wrong checksum: %s', async (_name, packet) => {
    run(firewall, 'sysctl -qw net.netfilter.nf_conntrack_checksum=1');
    const bytes = frame(packet, link, 79);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    expect(await stateOf(bytes)).toEqual(['INVALID']);
  });
});
