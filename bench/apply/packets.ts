import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { inNetworkNamespace, int, libc, MSG_DONTWAIT, SOL_SOCKET } from '../../src/kernel/libc.ts';
import { ok } from '../../src/result.ts';
import { frameOf } from '../harness/frames.ts';
import type { Machine } from '../harness/machine.ts';
import { compareLeast } from '../harness/ratio.ts';
import { type Frames, loadFrames, openSender, pin, type Sender } from '../harness/sender.ts';
import { byHand } from './by-hand.ts';
import { isThere, machineFor, type Place } from './changes.ts';
import { ferm } from './ferm.ts';
import { palisadeOn } from './palisade.ts';
import type { Peer } from './peer.ts';
import { database, reference } from './reference.ts';
import { ufw } from './ufw.ts';

type Backend = 'nft' | 'legacy';
const backends = ['nft', 'legacy'] as const;
const kinds = ['established', 'new', 'junk'] as const;
type Kind = (typeof kinds)[number];

/** What becomes of a packet of each kind, as the host's own counters tell. */
type Fates = Readonly<Record<Kind, 'delivered' | 'answered' | 'dropped'>>;
const asPolicy: Fates = { established: 'delivered', new: 'answered', junk: 'dropped' };

/** A machine with a firewall, and a link over which packets come to it. */
interface Arena {
  readonly name: string;
  readonly backend: Backend | null;
  readonly count: number;
  readonly machine: Machine;
  readonly sender: Sender;
  readonly fates: Fates;
  readonly socket: Socket;
  /** The least of each round, in nanoseconds. */
  readonly least: Record<Kind, number[]>;
}

/** A socket of the machine's own. */
interface Socket {
  /** Sends something to the far end: what comes back belongs to a connection that is known. */
  speak(): void;
  /** Takes all that it was sent. */
  drain(): void;
}

const hostMac = Buffer.from([2, 0, 0, 0, 0, 1]);
const farMac = Buffer.from([2, 0, 0, 0, 0, 2]);
const host = 0xc0000201;
const far = 0xc0000202;
const junkPort = 6666;
/** As many as a socket takes before somebody reads it. */
const chunk = 192;
const chunks = 8;

/** Nanoseconds a packet through INPUT, of each firewall in turn. */
export async function measurePackets(place: Place, counts: readonly number[], rounds: number): Promise<void> {
  await using made = new AsyncDisposableStack();
  const arenas: Arena[] = [];
  const open = async (
    name: string,
    backend: Backend | null,
    count: number,
    fill: (machine: Machine) => Promise<unknown>,
    fates: Fates = asPolicy,
  ): Promise<void> => {
    const machine = made.use(await machineFor(place, { link: false }));
    await fill(machine);
    const arena = await openArena({ name, backend, count, machine, fates }, arenas.length);
    made.use(arena.sender);
    arenas.push(arena);
  };
  const all: Fates = { established: 'delivered', new: 'answered', junk: 'answered' };
  await open('no rules', null, 0, async () => undefined, all);
  for (const backend of backends) {
    const one = (table: string, chain: string) => (machine: Machine) =>
      machine.run([`iptables-${backend}`, '-t', table, '-A', chain, '-p', 'tcp', '--dport', String(junkPort), '-j', 'DROP']);
    await open('one DROP in filter', backend, 0, one('filter', 'INPUT'));
    await open('one DROP in raw', backend, 0, one('raw', 'PREROUTING'));
    for (const count of counts) {
      const peer = (told: Peer) => (machine: Machine) => {
        told.configure(machine, reference(count));
        return machine.run(['sh', '-c', told.start]);
      };
      const palisade = (earlyDrop: boolean) => async (machine: Machine) => {
        const state = join('/disk', mkdtempSync(join(place.folder, 'state-')).slice(place.folder.length));
        const own = palisadeOn(machine, place.launcher, backend, state, earlyDrop);
        own.configure(reference(count));
        await own.apply();
      };
      await open('by hand', backend, count, peer(byHand(backend)));
      await open('palisade', backend, count, palisade(false));
      await open('palisade, early drop', backend, count, palisade(true));
      for (const told of [ufw, ferm])
        if (told.backend === backend && isThere(told, place)) await open(told.name, backend, count, peer(told));
    }
  }
  using frames = loadKinds(counts);
  pin(availableParallelism() - 1);
  try {
    // Before the first one counts, everything has been met once.
    for (let round = 0; round <= rounds; round += 1)
      for (const arena of arenas)
        for (const kind of kinds) {
          const ns = measure(arena, kind, frames.of(kind, arena.count));
          if (round > 0) arena.least[kind].push(ns);
        }
  } finally {
    pin(null);
  }
  report(arenas, counts);
}

async function openArena(arena: Pick<Arena, 'name' | 'backend' | 'count' | 'machine' | 'fates'>, index: number): Promise<Arena> {
  const link = `far${index}`;
  const { pid } = arena.machine;
  const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'latin1' });
  const mac = (bytes: Buffer): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  ip(...`link add ${link} address ${mac(farMac)} type veth peer name e0 address ${mac(hostMac)} netns ${pid}`.split(' '));
  // Nothing of the far end's own is to come between.
  execFileSync('sysctl', ['-q', '-w', `net.ipv6.conf.${link}.disable_ipv6=1`]);
  ip('link', 'set', link, 'up');
  await arena.machine.run([
    'sh',
    '-ec',
    `ip address add 192.0.2.1/24 dev e0
ip link set e0 up
ip neigh add 192.0.2.2 lladdr ${mac(farMac)} nud permanent dev e0
ip route add default via 192.0.2.2
sysctl -q -e -w net.ipv6.conf.e0.disable_ipv6=1 net.netfilter.nf_conntrack_tcp_timeout_close=1`,
  ]);
  const [{ ifindex }] = JSON.parse(ip('-j', 'link', 'show', 'dev', link)) as [{ ifindex: number }];
  return { ...arena, sender: openSender(ifindex), socket: connect(pid), least: { established: [], new: [], junk: [] } };
}

function connect(pid: number): Socket {
  const calls = libc();
  if (!calls.ok) throw new Error(calls.problems[0]?.message);
  const [AF_INET, SOCK_DGRAM, SO_RCVBUF] = [2, 2, 8];
  const opened = inNetworkNamespace(calls.value, pid, () => ok(calls.value.socket(AF_INET, SOCK_DGRAM, 0)));
  if (!opened.ok) throw new Error(opened.problems[0]?.message);
  const address = (ip: number, port: number): Buffer => {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt16LE(AF_INET, 0);
    bytes.writeUInt16BE(port, 2);
    bytes.writeUInt32BE(ip, 4);
    return bytes;
  };
  const fd = opened.value;
  calls.value.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, int(1024 * 1024));
  if (calls.value.bind(fd, address(host, 7001)) < 0) throw new Error('the socket that packets are for cannot be bound');
  const into = Buffer.alloc(64);
  const to = address(far, 7000);
  return {
    speak() {
      if (calls.value.sendto(fd, into, 4, 0, to) < 0) throw new Error('the socket that packets are for cannot send');
    },
    drain() {
      while (calls.value.recv(fd, into, MSG_DONTWAIT) >= 0);
    },
  };
}

interface Loaded extends Disposable {
  of(kind: Kind, count: number): Frames;
}

/** New connections come from many ports, so that no two are the same until long after. */
function loadKinds(counts: readonly number[]): Loaded {
  const common = { to: hostMac, from: farMac, dst: host };
  const same = Array.from({ length: 64 }, () => frameOf({ ...common, proto: 'udp', src: far, sport: 7000, dport: 7001 }));
  const many = (network: number, dport: number): Uint8Array[] =>
    Array.from({ length: 32_768 }, (_, index) =>
      frameOf({ ...common, proto: 'tcp-syn', src: network + 1 + (index % 126), sport: 1024 + index, dport }),
    );
  const established = loadFrames(same);
  const junk = loadFrames(many(0xc6336400, junkPort));
  const fresh = new Map(counts.map((count) => [count, loadFrames(many(numberOf(reference(count).four.at(-1) ?? ''), database))]));
  return {
    of: (kind, count) =>
      kind === 'established' ? established : kind === 'junk' ? junk : (fresh.get(count) ?? (fresh.get(counts[0] ?? 0) as Frames)),
    [Symbol.dispose]() {
      for (const one of [established, junk, ...fresh.values()]) one[Symbol.dispose]();
    },
  };
}

function numberOf(network: string): number {
  const [a = 0, b = 0, c = 0, d = 0] = network.split(/[./]/).map(Number);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

/** @throws {Error} when what became of the packets is not what it was to be: then nothing was measured */
function measure(arena: Arena, kind: Kind, frames: Frames): number {
  arena.socket.speak();
  const before = counters(arena.machine);
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < chunks; turn += 1) {
    least = Math.min(least, arena.sender.send(frames, chunk));
    if (kind === 'established') arena.socket.drain();
  }
  const after = counters(arena.machine);
  const [delivered, answered] = [after.delivered - before.delivered, after.answered - before.answered];
  const sent = chunk * chunks;
  const fate = arena.fates[kind];
  if (delivered !== (fate === 'delivered' ? sent : 0) || answered !== (fate === 'answered' ? sent : 0))
    throw new Error(`${arena.name}, ${kind}: of ${sent} packets ${delivered} were delivered and ${answered} answered`);
  return least;
}

/** What came to sockets, and how many connections were refused. */
function counters({ pid }: Machine): { readonly delivered: number; readonly answered: number } {
  const text = readFileSync(`/proc/${pid}/net/snmp`, 'latin1');
  const value = (proto: string, name: string): number => {
    const [names = '', values = ''] = text.split('\n').filter((line) => line.startsWith(`${proto}: `));
    return Number(values.split(' ')[names.split(' ').indexOf(name)]);
  };
  return { delivered: value('Udp', 'InDatagrams'), answered: value('Tcp', 'OutRsts') };
}

const words: Readonly<Record<Kind, string>> = {
  established: 'a packet of a connection',
  new: 'a new connection from the last network',
  junk: 'a SYN to a closed port',
};

function report(arenas: readonly Arena[], counts: readonly number[]): void {
  const of = (name: string, backend: Backend | null, count: number): Arena | undefined =>
    arenas.find((arena) => arena.name === name && arena.backend === backend && arena.count === count);
  const line = (
    kind: Kind,
    one: Arena | undefined,
    other: Arena | undefined,
    atMost?: { ratio: number; moreNs?: number },
  ): void => {
    if (one === undefined || other === undefined) return;
    const called = ({ name, backend, count }: Arena): string =>
      [name, ...(backend === null ? [] : [backend]), ...(count === 0 ? [] : [String(count)])].join(', ');
    compareLeast({
      what: `${words[kind]}, ${called(one)}`,
      ns: one.least[kind],
      peer: called(other),
      peerNs: other.least[kind],
      ...(atMost !== undefined && { atMost }),
    });
  };
  const [least = 0] = counts;
  for (const kind of kinds) {
    const empty = of('no rules', null, 0);
    for (const backend of backends) {
      const [drop, raw] = [of('one DROP in filter', backend, 0), of('one DROP in raw', backend, 0)];
      const base = kind === 'junk' ? drop : empty;
      if (kind === 'junk') line(kind, raw, drop);
      for (const count of counts) {
        const [own, early, hand] = ['palisade', 'palisade, early drop', 'by hand'].map((name) => of(name, backend, count));
        line(kind, hand, base);
        line(kind, own, hand, { ratio: 1.05, moreNs: 150 });
        if (count !== least) line(kind, own, of('palisade', backend, least), { ratio: 1.05, moreNs: 150 });
        if (kind === 'junk') line(kind, early, drop, { ratio: 0.8 });
        else line(kind, early, hand);
        for (const { name } of [ufw, ferm]) line(kind, of(name, backend, count), own);
      }
    }
  }
}
