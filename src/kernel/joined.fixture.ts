import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import type { Packet } from '../model/packet/index.ts';
import { type Nflog, type NflogPacket, openNflog } from './nflog.ts';
import { openSender } from './packets.ts';

/**
 * Two namespaces joined by a veth: `client` sends, `firewall` counts. Each is held by a `cat` that ends with its input.
 * Everything happens in namespaces of our own making, whoever runs this.
 */
const held: ChildProcess[] = [];
export let client = 0;
export let firewall = 0;

async function hold(): Promise<number> {
  const child = spawn('unshare', ['-n', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
  held.push(child);
  const pid = child.pid as number;
  const ours = readlinkSync('/proc/self/ns/net');
  while (readlinkSync(`/proc/${pid}/ns/net`) === ours) await sleep(5);
  return pid;
}

export function run(pid: number, command: string): string {
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

export const base: Packet = {
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
export const base6: Packet = {
  ...base,
  family: 6,
  src: 0x20010db8000200000000000000000009n,
  dst: 0x20010db8000100000000000000000001n,
  length: 80,
};
export const link = { source: 0x020000000001, destination: 0x020000000002n };

export function open(group: number, more: Partial<Parameters<typeof openNflog>[0]> = {}): Nflog {
  const opened = openNflog({ group, namespacePid: firewall, ...more });
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  return opened.value;
}

/** Everything up to a silence of 60 ms. */
export async function drain(nflog: Nflog): Promise<NflogPacket[]> {
  const all: NflogPacket[] = [];
  for (let silent = 0; silent < 3; ) {
    const some = nflog.read();
    for (const packet of some) all.push(packet);
    silent = some.length === 0 ? silent + 1 : 0;
    if (some.length === 0) await sleep(20);
  }
  return all;
}

export function sender() {
  const opened = openSender({ link: 'c0', namespacePid: client });
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  return opened.value;
}

/** Protocols whose frames connection tracking understands, each with a match that pins the whole header. */
export const kinds: readonly (readonly [name: string, packet: Partial<Packet>, match: string])[] = [
  ['tcp SYN', { flags: 2 }, '-p tcp --sport 40000 --dport 22 --tcp-flags ALL SYN'],
  ['udp', { proto: 17, flags: 0 }, '-p udp --sport 40000 --dport 22'],
  ['udplite', { proto: 136, flags: 0 }, '-p udplite -m multiport --dports 22'],
  ['sctp', { proto: 132, flags: 0 }, '-p sctp -m sctp --sport 40000 --dport 22 --chunk-types only INIT'],
  ['gre', { proto: 47, flags: 0, sport: null, dport: null }, '-p gre'],
  ['esp', { proto: 50, flags: 0, sport: null, dport: null }, '-p esp -m esp --espspi 77'],
  ['any', { proto: 253, flags: 0, sport: null, dport: null }, '-p 253'],
];
