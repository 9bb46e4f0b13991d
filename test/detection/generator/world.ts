import { ip4, ip6, Pool } from './address.ts';
import type { Packet } from './packet.ts';
import { type Random, randomOf } from './random.ts';

/** The host whose log it is, those around it, and when. Everything hangs on the seed. */
export interface World {
  readonly seed: number;
  readonly host: string;
  readonly link: string;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  /** 1 is the whole log of a million lines; less makes every crowd and every long scan smaller. */
  readonly scale: number;
  readonly own: readonly number[];
  readonly own6: readonly string[];
  readonly gateway: number;
  readonly gateway6: string;
  readonly resolvers: readonly number[];
  readonly monitor: number;
  readonly pinger: number;
  readonly office: number;
  readonly pool: Pool;
  /** The prefixes of the host's LOG rules, as they were written. */
  readonly prefixes: {
    readonly dropped: string;
    readonly ssh: string;
    readonly service: string;
    readonly invalid: string;
    readonly outgoing: string;
    /** Somebody wrote a rule whose prefix looks like fields. */
    readonly misleading: string;
  };
  random(name: string): Random;
}

/** Whom the misleading prefix names; nobody of that address ever sent anything. */
export const prefixVictim = ip4('45.33.32.156');
const day = 86_400_000;

/** @param hours how long the log is; left out: between one day and two */
export function worldOf(seed: number, scale: number, hours?: number): World {
  const random = randomOf(seed, 'world');
  const documentation = random.chance(0.3);
  const network = documentation ? ip4('198.51.100.0') : (random.int(0x2e000000, 0x5effffff) & 0xffffff00) >>> 0;
  const first = random.int(2, 200);
  const own = Array.from({ length: 33 }, (_, index) => network + first + index);
  const six = documentation ? '2001:0db8:0010:0001' : `2a03:04f8:0${random.int(100, 999)}:0001`;
  const host6 = ['0000:0000:0000:0002', '0000:0000:0000:0003', '5054:00ff:fe12:3456', '0000:0000:0000:0443'];
  const pool = new Pool(randomOf(seed, 'pool'), [network]);
  const from = Date.UTC(2026, 9, 1 + (Math.abs(seed) % 20), random.int(0, 23), random.int(0, 59));
  return {
    seed,
    host: random.pick(['web1', 'fw1', 'vps-4711', 'mail.example.org', 'srv']),
    link: random.pick(['eth0', 'ens3', 'enp1s0', 'eno1.100', 'bond0']),
    from,
    to: from + (hours === undefined ? Math.round((1 + random.float()) * day) : hours * 3_600_000),
    scale,
    own,
    own6: host6.map((host) => ip6(six, host)),
    gateway: network + 1,
    gateway6: 'fe80:0000:0000:0000:0000:0000:0000:0001',
    resolvers: [pool.one(), random.chance(0.5) ? ip4('1.1.1.1') : ip4('8.8.8.8')],
    monitor: pool.one(),
    pinger: pool.one(),
    office: pool.one(),
    pool,
    prefixes: prefixesOf(random),
    random: (name) => randomOf(seed, name),
  };
}

function prefixesOf(random: Random): World['prefixes'] {
  const dropped = random.pick(['[UFW BLOCK] ', 'IPTables-Dropped: ', 'FW-DROP ', '', 'fw:INPUT:drop:', 'DROP (default) = ']);
  // Not everybody gives each rule a name of its own.
  const isOne = random.chance(0.3);
  return {
    dropped,
    ssh: isOne ? dropped : random.pick(['SSH-LIMIT ', 'ssh brute: ', '[SSH LIMIT] ', 'IPT:ssh-limit']),
    service: isOne ? dropped : random.pick(['LIMIT ', '[UFW LIMIT BLOCK] ', 'conn-limit=']),
    invalid: isOne ? dropped : random.pick(['[INVALID] ', 'INVALID: ', 'bad flags ']),
    outgoing: random.pick(['DROP-OUT ', '[UFW BLOCK] ', 'egress: ']),
    misleading: 'SRC=45.33.32.156 IN=x ',
  };
}

const own = '52:54:00:12:34:56';
const router = '00:1c:73:a0:99:01';
/** The fourteen bytes before a packet that comes from the world. */
export const fromGateway = `${own}:${router}`;
export const broadcastFrom = (mac: string): string => `ff:ff:ff:ff:ff:ff:${mac}`;

/** A machine that sends, and how its packets look. */
export interface Sender {
  readonly tool: 'zmap' | 'masscan' | 'nmap' | 'bot' | 'linux' | 'windows';
  readonly ttl: number;
}

export function senderOf(random: Random, tool?: Sender['tool']): Sender {
  const chosen = tool ?? random.pick(['zmap', 'masscan', 'nmap', 'bot', 'bot', 'linux', 'linux', 'windows'] as const);
  const start = chosen === 'windows' ? 128 : chosen === 'zmap' || chosen === 'masscan' ? 255 : 64;
  return { tool: chosen, ttl: start - random.int(6, 24) };
}

/** A first packet of TCP as its sender's program makes it. `flags` others than SYN are those of a stealth scan. */
export function syn(
  random: Random,
  sender: Sender,
  ends: Pick<Packet, 'prefix' | 'src' | 'dst'> & { readonly sport: number; readonly dport: number; readonly flags?: string },
  link: string,
): Packet {
  const { prefix, src, dst, sport, dport, flags = 'SYN' } = ends;
  const plain = { prefix, in: link, mac: fromGateway, src, dst };
  const more = typeof src === 'string' ? 20 : 0;
  const tcp = (window: number) => ({ kind: 'tcp' as const, sport, dport, flags, window });
  switch (sender.tool) {
    case 'zmap':
      return { ...plain, length: 40 + more, ttl: sender.ttl, id: 54321, what: tcp(65535) };
    case 'masscan':
      return { ...plain, length: 40 + more, ttl: sender.ttl, id: random.int(0, 65535), what: tcp(1024) };
    case 'nmap':
      return { ...plain, length: 44 + more, ttl: random.int(37, 59), id: random.int(0, 65535), what: tcp(1024) };
    case 'bot':
      return { ...plain, length: 40 + more, ttl: sender.ttl, id: random.int(0, 65535), what: tcp(random.int(1, 65535)) };
    default:
      return {
        ...plain,
        length: (sender.tool === 'linux' ? 60 : 52) + more,
        ttl: sender.ttl,
        id: random.int(0, 65535),
        dontFragment: true,
        what: tcp(random.pick([64240, 29200, 65535, 8192])),
      };
  }
}

export function udp(random: Random, sender: Sender, ends: Omit<Parameters<typeof syn>[2], 'flags'>, link: string): Packet {
  const { prefix, src, dst, sport, dport } = ends;
  return {
    prefix,
    in: link,
    mac: fromGateway,
    src,
    dst,
    length: (typeof src === 'string' ? 48 : 28) + random.pick([0, 8, 18, 36, 44, 400]),
    ttl: sender.ttl,
    id: random.int(0, 65535),
    what: { kind: 'udp', sport, dport },
  };
}
