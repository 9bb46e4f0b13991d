import { ip4, words } from './address.ts';
import { attempt, failedLogin, ofSshd } from './attacks/logins.ts';
import { echo } from './attacks/scans.ts';
import { type Entry, type Innocent, sorted } from './entry.ts';
import type { Packet } from './packet.ts';
import type { Random } from './random.ts';
import { broadcastFrom, fromGateway, senderOf, syn, udp, type World } from './world.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** All who do no harm, and look as if. Those of the never-ban list are said in the labels apart. */
export function innocents(world: World): Innocent[] {
  return [
    monitor(world),
    pinger(world),
    resolvers(world),
    timeServers(world),
    resets(world),
    lateClients(world),
    routers(world),
    gateway(world),
    office(world),
    backup(world),
    crawler(world),
    mailProvider(world),
    neighbours(world),
    curious(world),
    retrying(world),
  ];
}

/** So many at independent moments of the whole log. */
function anytime(world: World, random: Random, most: number, make: (at: number) => Entry[]): Entry[] {
  const count = Math.max(10, Math.round(most * world.scale));
  const room = world.to - world.from - minute;
  return sorted(Array.from({ length: count }, () => make(world.from + random.float() * room)).flat());
}

const packet = (at: number, one: Packet): Entry => ({ at, kind: 'packet', packet: one });

/** Asks three ports once a minute, for ever. */
function monitor(world: World): Innocent {
  const random = world.random('monitor');
  const sender = senderOf(random, 'linux');
  const dst = world.own[1] as number;
  function* entries(): Generator<Entry> {
    for (let at = world.from + random.float() * minute; at < world.to - minute; at += minute)
      for (const [index, dport] of [80, 443, 25].entries()) {
        const ends = { prefix: world.prefixes.dropped, src: world.monitor, dst, sport: random.int(32_768, 60_999), dport };
        yield packet(at + index * 40, syn(random, sender, ends, world.link));
      }
  }
  return { kind: 'uptime monitor', sources: [words(world.monitor)], entries: entries() };
}

function pinger(world: World): Innocent {
  const random = world.random('pinger');
  function* entries(): Generator<Entry> {
    let sequence = 0;
    for (let at = world.from + random.float() * minute; at < world.to - minute; at += 30 * second) {
      yield packet(at, echo(world, random, world.pinger, world.own[1] as number, 54, sequence));
      sequence = (sequence + 1) % 65_536;
    }
  }
  return { kind: 'monitoring by ping', sources: [words(world.pinger)], entries: entries() };
}

/** Answers that came when nobody waited for them any more. */
function resolvers(world: World): Innocent {
  const random = world.random('resolvers');
  const sender = senderOf(random, 'linux');
  const entries = anytime(world, random, 5000, (at) => {
    const src = random.pick(world.resolvers);
    const ends = { prefix: world.prefixes.dropped, src, dst: world.own[0] as number, sport: 53, dport: random.int(1024, 65_535) };
    return [packet(at, udp(random, sender, ends, world.link))];
  });
  return { kind: 'resolvers', sources: world.resolvers.map(words), entries };
}

function timeServers(world: World): Innocent {
  const random = world.random('time servers');
  const servers = Array.from({ length: 4 }, () => world.pool.one());
  const sender = senderOf(random, 'linux');
  const entries = anytime(world, random, 600, (at) => {
    const dport = random.chance(0.5) ? 123 : random.int(1024, 65_535);
    const ends = { prefix: world.prefixes.dropped, src: random.pick(servers), dst: world.own[0] as number, sport: 123, dport };
    return [packet(at, { ...udp(random, sender, ends, world.link), length: 76 })];
  });
  return { kind: 'time servers', sources: servers.map(words), entries };
}

/** A packet of a connection that this host has forgotten. */
function late(world: World, random: Random, ttl: number, ends: Ends): Packet {
  const { src, dst, sport, dport, flags } = ends;
  return {
    prefix: random.chance(0.5) ? world.prefixes.invalid : world.prefixes.dropped,
    in: world.link,
    mac: fromGateway,
    src,
    dst,
    length: flags.includes('RST') ? 40 : 52,
    ttl,
    id: flags.includes('RST') ? 0 : random.int(0, 65_535),
    dontFragment: true,
    what: { kind: 'tcp', sport, dport, flags, window: flags.includes('RST') ? 0 : random.int(50, 900) },
  };
}

interface Ends {
  readonly src: number;
  readonly dst: number;
  readonly sport: number;
  readonly dport: number;
  readonly flags: string;
}

/** Connections of ours to content networks, whose ends come late: to ports by chance, like a scan. */
function resets(world: World): Innocent {
  const random = world.random('resets');
  const network = world.pool.network();
  const servers = [
    network + 1,
    ...Array.from({ length: 20 }, () => (random.chance(0.5) ? world.pool.one() : network + random.int(2, 250))),
  ];
  const entries = anytime(world, random, 10_000, (at) => {
    const src = random.chance(0.5) ? (servers[0] as number) : random.pick(servers);
    const flags = random.pick(['ACK RST', 'ACK FIN', 'RST', 'ACK PSH FIN']);
    return [
      packet(
        at,
        late(world, random, 57, {
          src,
          dst: world.own[0] as number,
          sport: 443,
          dport: world.seed % 2 === 0 ? random.int(32_768, 60_999) : random.int(1024, 65_535),
          flags,
        }),
      ),
    ];
  });
  return { kind: 'resets of a CDN', sources: [...new Set(servers.map(words))], entries };
}

/** Visitors of the web server whose connections are long forgotten. */
function lateClients(world: World): Innocent {
  const random = world.random('late clients');
  const clients = Array.from({ length: Math.max(20, Math.round(1500 * world.scale)) }, () => ({
    src: world.pool.one(),
    ttl: random.int(40, 120),
  }));
  const entries = anytime(world, random, 5000, (at) => {
    const { src, ttl } = random.pick(clients);
    const ends = { src, dst: random.pick(world.own), sport: random.int(1025, 65_535), dport: random.pick([443, 443, 80]) };
    const flags = random.pick(['ACK', 'ACK FIN', 'ACK RST', 'RST', 'ACK PSH']);
    // What is not answered comes again.
    const again = flags === 'ACK FIN' || flags === 'ACK PSH' ? random.int(0, 4) : 0;
    return Array.from({ length: again + 1 }, (_, time) =>
      packet(at + 300 * (2 ** time - 1), late(world, random, ttl, { ...ends, flags })),
    );
  });
  return { kind: 'late packets of visitors', sources: clients.map(({ src }) => words(src)), entries };
}

/** Errors about packets of ours, which they hold. */
function routers(world: World): Innocent {
  const random = world.random('routers');
  const all = Array.from({ length: 120 }, () => world.pool.one());
  const entries = anytime(world, random, 1500, (at) => {
    const [type, code] = random.pick([
      [3, 1],
      [3, 3],
      [3, 13],
      [11, 0],
      [3, 4],
    ] as const);
    const ours = random.pick(world.own);
    const far = random.int(0x01000000, 0xdfffffff);
    const inner = `SRC=${words(ours)} DST=${words(far)} LEN=60 TOS=0x00 PREC=0x00 TTL=${random.int(1, 50)} ID=${random.int(0, 65_535)} DF `;
    const ports = random.chance(0.5)
      ? `PROTO=TCP SPT=443 DPT=${random.int(1025, 65_535)} WINDOW=${random.int(100, 900)} RES=0x00 ACK URGP=0 `
      : `PROTO=UDP SPT=${random.int(1025, 65_535)} DPT=53 LEN=40 `;
    const rest = `[${inner}${ports}] ${type === 3 && code === 4 ? 'MTU=1400 ' : ''}`;
    return [packet(at, icmp(world, random, random.pick(all), ours, type, code, rest))];
  });
  return { kind: 'errors of routers', sources: all.map(words), entries };
}

function icmp(world: World, random: Random, src: number, dst: number, type: number, code: number, rest: string): Packet {
  return {
    prefix: world.prefixes.dropped,
    in: world.link,
    mac: fromGateway,
    src,
    dst,
    length: 56,
    ttl: random.int(40, 250),
    id: random.int(0, 65_535),
    precedence: '0xC0',
    what: { kind: 'icmp', type, code, rest },
  };
}

/** Redirects, unreachables, and questions who listens to which group. */
function gateway(world: World): Innocent {
  const random = world.random('gateway');
  const other = (world.gateway & 0xffffff00) + 254;
  const entries = anytime(world, random, 1500, (at) => {
    const ours = random.pick(world.own);
    const far = random.int(0x01000000, 0xdfffffff);
    const inner = `[SRC=${words(ours)} DST=${words(far)} LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=${random.int(0, 65_535)} DF PROTO=TCP SPT=${random.int(1025, 65_535)} DPT=443 WINDOW=64240 RES=0x00 SYN URGP=0 ] `;
    const what = random.int(0, 2);
    if (what === 0) return [packet(at, icmp(world, random, world.gateway, ours, 5, 1, `GATEWAY=${words(other)} ${inner}`))];
    if (what === 1) return [packet(at, icmp(world, random, world.gateway, ours, 3, 1, inner))];
    const mac = '01:00:5e:00:00:01:00:1c:73:a0:99:01';
    const plain = {
      prefix: world.prefixes.dropped,
      in: world.link,
      mac,
      src: world.gateway,
      dst: ip4('224.0.0.1'),
      ttl: 1,
      id: 0,
    };
    return [packet(at, { ...plain, length: 32, what: { kind: 'other', number: 2 } })];
  });
  return { kind: 'gateway', sources: [words(world.gateway)], entries };
}

/** Twenty people behind one address, who log in, and mistype now and then. */
function office(world: World): Innocent {
  const random = world.random('office');
  const source = words(world.office);
  const sender = senderOf(random, 'linux');
  const dst = world.own[0] as number;
  const entries = anytime(world, random, 400, (at) => {
    const user = random.pick(['anna', 'ben', 'chris', 'dora', 'emil']);
    const fields = ofSshd(random.int(700, 400_000));
    const accepted: Entry = {
      at: at + 20 * second,
      kind: 'journal',
      text: `Accepted ${random.chance(0.7) ? 'publickey' : 'password'} for ${user} from ${source} port ${random.int(32_768, 60_999)} ssh2`,
      fields,
    };
    const typos = random.chance(0.25) ? random.int(1, 2) : 0;
    const limited = random.chance(0.2)
      ? attempt(world, random, sender, at, { prefix: world.prefixes.ssh, src: world.office, dst, dport: 22 })
      : [];
    return [
      ...limited,
      ...Array.from({ length: typos }, (_, time) => failedLogin(random, at + 5 * second * time, source, user)).flat(),
      accepted,
    ];
  });
  return { kind: 'office', sources: [source], entries };
}

/** Comes every hour, with several connections at once. */
function backup(world: World): Innocent {
  const random = world.random('backup');
  const src = world.pool.one();
  const sender = senderOf(random, 'linux');
  const entries: Entry[] = [];
  for (let at = world.from + random.float() * hour; at < world.to - 2 * minute; at += hour)
    for (let connection = 0; connection < 4; connection += 1) {
      const fields = ofSshd(random.int(700, 400_000));
      const ends = { prefix: world.prefixes.ssh, src, dst: world.own[0] as number, dport: 22 };
      if (connection === 3) entries.push(...attempt(world, random, sender, at + connection * 300, ends).slice(0, 2));
      const text = `Accepted publickey for backup from ${words(src)} port ${random.int(32_768, 60_999)} ssh2: ED25519 SHA256:x`;
      entries.push({ at: at + 4 * second + connection * 300, kind: 'journal', text, fields });
    }
  return { kind: 'backup server', sources: [words(src)], entries: sorted(entries) };
}

/** A search engine: visits sites of several addresses, and is held back by a limit now and then. */
function crawler(world: World): Innocent {
  const random = world.random('crawler');
  const first = world.pool.network();
  const all = Array.from({ length: 6 }, (_, index) => first + 10 + 3 * index);
  const sender = senderOf(random, 'linux');
  const sites = world.own.slice(0, 12);
  const entries = anytime(world, random, 1500, (at) => {
    const [src, dst] = [random.pick(all), random.pick(sites)];
    const ends = { src, dst, sport: random.int(32_768, 60_999), dport: random.chance(0.8) ? 443 : 80 };
    if (random.chance(0.3)) return [packet(at, syn(random, sender, { prefix: world.prefixes.service, ...ends }, world.link))];
    return [packet(at, late(world, random, 52, { ...ends, flags: random.pick(['ACK FIN', 'ACK RST', 'RST', 'ACK']) }))];
  });
  return { kind: 'web crawler', sources: all.map(words), entries };
}

/** Sends mail from any address of a /24, and comes again when it is put off. */
function mailProvider(world: World): Innocent {
  const random = world.random('mail provider');
  const network = world.pool.network();
  const all = Array.from({ length: 40 }, (_, index) => network + 1 + 6 * index);
  const sender = senderOf(random, 'linux');
  const entries = anytime(world, random, 250, (at) => {
    const ends = { prefix: world.prefixes.service, src: random.pick(all), dst: world.own[2] as number, dport: 25 };
    return attempt(world, random, sender, at, ends);
  });
  return { kind: 'mail provider', sources: all.map(words), entries };
}

/** Other machines of the same network, that tell everybody of themselves. */
function neighbours(world: World): Innocent {
  const random = world.random('neighbours');
  const network = (world.gateway & 0xffffff00) >>> 0;
  const all = Array.from({ length: 5 }, (_, index) => network + 240 + index);
  const mac = broadcastFrom('52:54:00:aa:bb:01');
  const entries = anytime(world, random, 2500, (at) => {
    const plain = {
      prefix: world.prefixes.dropped,
      in: world.link,
      mac,
      ttl: random.pick([64, 128, 1]),
      id: random.int(0, 65_535),
    };
    const [dst, sport, dport] = random.pick([
      [network + 255, 138, 138],
      [network + 255, 137, 137],
      [ip4('255.255.255.255'), 68, 67],
      [ip4('239.255.255.250'), 40_000, 1900],
      [ip4('224.0.0.251'), 5353, 5353],
    ] as const);
    const src = dport === 67 ? 0 : random.pick(all);
    return [packet(at, { ...plain, src, dst, length: random.int(100, 328), what: { kind: 'udp', sport, dport } })];
  });
  const six = anytime(world, random, 500, (at) => {
    const src = random.chance(0.3) ? '0000:0000:0000:0000:0000:0000:0000:0000' : 'fe80:0000:0000:0000:98d9:14ff:feba:5014';
    const plain = {
      prefix: world.prefixes.dropped,
      in: world.link,
      mac: '33:33:00:00:00:16:9a:d9:14:ba:50:14',
      src,
      ttl: 255,
      id: 0,
    };
    const dst = 'ff02:0000:0000:0000:0000:0001:ffba:5014';
    return [packet(at, { ...plain, dst, length: 72, what: { kind: 'icmp', type: 135, code: 0 } })];
  });
  return {
    kind: 'neighbours',
    sources: [...all.map(words), '0.0.0.0', 'fe80:0000:0000:0000::/64', '0000:0000:0000:0000::/64'],
    entries: sorted([...entries, ...six]),
  };
}

/** Asks a dozen ports in a day. That is nobody worth a word. */
function curious(world: World): Innocent {
  const random = world.random('curious');
  const all = Array.from({ length: 20 }, () => ({ src: world.pool.one(), sender: senderOf(random, 'linux') }));
  const room = world.to - world.from - minute;
  const entries = all.flatMap(({ src, sender }) =>
    Array.from({ length: Math.round((12 * room) / (24 * hour)) }, () => {
      const ends = {
        prefix: world.prefixes.dropped,
        src,
        dst: random.pick(world.own),
        sport: random.int(32_768, 60_999),
        dport: random.int(1, 10_000),
      };
      return packet(world.from + random.float() * room, syn(random, sender, ends, world.link));
    }),
  );
  return { kind: 'a dozen ports a day', sources: all.map(({ src }) => words(src)), entries: sorted(entries) };
}

/** A program set up for a port that is closed: it comes again, and again, always to the same. */
function retrying(world: World): Innocent {
  const random = world.random('retrying');
  const all = [8883, 5671, 1883].map((dport) => ({ src: world.pool.one(), dport, sender: senderOf(random, 'linux') }));
  const entries = all.flatMap(({ src, dport, sender }) => {
    const made: Entry[] = [];
    for (let at = world.from + random.float() * hour; at < world.to - minute; at += random.int(4, 6) * minute)
      made.push(
        ...attempt(world, random, sender, at, { prefix: world.prefixes.dropped, src, dst: world.own[3] as number, dport }),
      );
    return made;
  });
  return { kind: 'programs that try again', sources: all.map(({ src }) => words(src)), entries: sorted(entries) };
}
