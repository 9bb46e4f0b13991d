import { anyHost, ip6, words } from '../address.ts';
import { type Attack, type Entry, type Kind, sorted } from '../entry.ts';
import type { Packet } from '../packet.ts';
import type { Random } from '../random.ts';
import { fromGateway, type Sender, senderOf, syn, udp, type World } from '../world.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
/** What nmap tries first. */
const popular = [
  80, 23, 443, 21, 22, 25, 3389, 110, 445, 139, 143, 53, 135, 3306, 8080, 1723, 111, 995, 993, 5900, 1025, 587, 8888, 199, 1720,
  465, 548, 113, 81, 6001, 10000, 514, 5060, 179, 1026, 2000, 8443, 8000, 32768, 554, 26, 1433, 49152, 2001, 515, 8008, 49154,
  1027, 5666, 646, 5000, 5631, 631, 49153, 8081, 2049, 88, 79, 5800, 106, 2121, 1110, 49155, 6000, 513, 990, 5357, 427, 49156,
  543, 544, 5101,
];

/** A moment at which something so long can begin. */
export function begin(world: World, random: Random, lasts: number): number {
  return world.from + random.float() * Math.max(0, world.to - world.from - lasts);
}

/** How many there are of what is `most` in the whole log. */
export function scaled(world: World, most: number, least: number): number {
  return Math.max(least, Math.round(most * world.scale));
}

function ports(random: Random, count: number): number[] {
  if (count === 65_535)
    return random.chance(0.5) ? random.shuffle(Array.from({ length: count }, (_, at) => at + 1)) : range(1, count);
  if (count <= popular.length && random.chance(0.6)) return random.shuffle(popular.slice(0, count));
  if (random.chance(0.4)) return range(random.int(1, 60_000 - Math.min(count, 59_000)), count);
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(random.chance(0.5) ? random.int(1, 1024 + 2 * count) : random.int(1, 65_535));
  return [...chosen].map((port) => Math.min(port, 65_535));
}

const range = (first: number, count: number): number[] => Array.from({ length: count }, (_, at) => first + at);

/** One packet a port, so far apart; filtered ports are tried again as nmap does. */
function* probing(
  random: Random,
  at: number,
  gap: number,
  over: readonly number[],
  again: number,
  packet: (port: number, round: number) => Packet,
): Generator<Entry> {
  let now = at;
  for (let from = 0; from < over.length; from += 50)
    for (let round = 0; round <= again; round += 1)
      for (const port of over.slice(from, from + 50)) {
        yield { at: now, kind: 'packet', packet: packet(port, round) };
        now += gap * (0.5 + random.float());
      }
}

export function scans(world: World): Attack[] {
  return [
    ...verticals(world),
    ...horizontals(world),
    ...slow(world),
    ...distributed(world),
    ...stealth(world),
    ...udpScans(world),
    ...decoys(world),
    ...rotating(world),
  ];
}

function verticals(world: World): Attack[] {
  const random = world.random('vertical');
  // Ports, and milliseconds between two.
  const plans: [number, number][] = [
    [30, (9.5 * minute) / 30],
    [random.int(30, 60), random.int(200, 2000)],
    [100, hour / 100],
    [random.int(100, 300), 400],
    [300, (2.5 * hour) / 300],
    [500, random.int(5, 100)],
    [1000, random.int(1, 20)],
    [scaled(world, random.int(2000, 6000), 60), random.int(5, 200)],
    [scaled(world, 20_000, 100), random.int(2, 30)],
    [world.scale < 1 ? scaled(world, 65_535, 200) : 65_535, random.int(1, 4)],
  ];
  const made = plans.map(([count, gap], index) => {
    const sender = senderOf(random, random.pick(['nmap', 'nmap', 'masscan', 'linux'] as const));
    const again = count < 10_000 && random.chance(0.5) ? 1 : 0;
    return vertical(world, `vertical ${index}`, 'vertical', world.pool.one(), random.pick(world.own), count, gap, again, sender);
  });
  const misleading = vertical(
    world,
    'prefix scan',
    'prefix-scan',
    world.pool.one(),
    random.pick(world.own),
    120,
    500,
    0,
    senderOf(random, 'nmap'),
    world.prefixes.misleading,
  );
  const six = ip6(world.pool.network6(), anyHost(random));
  return [
    ...made,
    misleading,
    vertical(world, 'vertical 6', 'vertical-6', six, random.pick(world.own6), 300, 50, 0, senderOf(random, 'nmap')),
  ];
}

/** The /64 of an address of IPv6, as labels have it. */
export const networkOf = (address: string): string => `${address.slice(0, 19)}::/64`;

function vertical(
  world: World,
  name: string,
  kind: Kind,
  src: number | string,
  dst: number | string,
  count: number,
  gap: number,
  again: number,
  sender: Sender,
  prefix = world.prefixes.dropped,
): Attack {
  const random = world.random(name);
  const over = ports(random, count);
  const at = begin(world, random, 1.5 * count * (again + 1) * gap);
  const sport = random.int(33_000, 60_000);
  return {
    kind,
    sources: [typeof src === 'number' ? words(src) : networkOf(src)],
    targets: [words(dst)],
    deserves: 'ban',
    entries: probing(random, at, gap, over, again, (port, round) =>
      syn(
        random,
        sender,
        { prefix, src, dst, sport: sender.tool === 'linux' ? random.int(32_768, 60_999) : sport + round, dport: port },
        world.link,
      ),
    ),
  };
}

function horizontals(world: World): Attack[] {
  const all = [22, 23, 445, 3389, 5060, 8080, 6379].slice(0, 6).map((port, index): Attack => {
    const random = world.random(`horizontal ${index}`);
    const gap = random.pick([20, 300, 2000, 10_000, 45_000]);
    const sender = senderOf(random);
    const src = world.pool.one();
    const targets = random.shuffle([...world.own]).slice(0, random.int(24, 33));
    const at = begin(world, random, targets.length * gap * 2);
    const sport = random.int(1025, 65_000);
    return {
      kind: 'horizontal',
      sources: [words(src)],
      targets: targets.map(words),
      deserves: 'ban',
      entries: probing(random, at, gap, targets, random.int(0, 1), (dst) => {
        const ends = { prefix: world.prefixes.dropped, src, dst, sport, dport: port };
        return port === 5060 ? udp(random, sender, ends, world.link) : syn(random, sender, ends, world.link);
      }),
    };
  });
  const random = world.random('ping sweep');
  const src = world.pool.one();
  const at = begin(world, random, minute);
  const ttl = 64 - random.int(8, 20);
  return [
    ...all,
    {
      kind: 'ping-sweep',
      sources: [words(src)],
      targets: world.own.map(words),
      deserves: 'incident',
      entries: probing(random, at, 500, random.shuffle([...world.own]), 1, (dst) => echo(world, random, src, dst, ttl)),
    },
  ];
}

export function echo(
  world: World,
  random: Random,
  src: number,
  dst: number,
  ttl: number,
  sequence = random.int(0, 9999),
): Packet {
  return {
    prefix: world.prefixes.dropped,
    in: world.link,
    mac: fromGateway,
    src,
    dst,
    length: 84,
    ttl,
    id: random.int(0, 65_535),
    dontFragment: true,
    what: { kind: 'icmp', type: 8, code: 0, rest: `ID=${random.int(1, 65_535)} SEQ=${sequence} ` },
  };
}

function slow(world: World): Attack[] {
  return [60, 120, 240, 300, 600].map((every, index): Attack => {
    const random = world.random(`slow ${index}`);
    const gap = every * second;
    const room = world.to - world.from;
    const count = Math.floor(Math.min(room * 0.9, random.int(8, 20) * hour) / gap);
    const src = world.pool.one();
    const sender = senderOf(random, random.pick(['nmap', 'linux'] as const));
    const onOne = random.chance(0.5);
    const target = random.pick(world.own);
    const at = begin(world, random, count * gap);
    const over = ports(random, count);
    return {
      kind: 'slow',
      sources: [words(src)],
      targets: onOne ? [words(target)] : world.own.map(words),
      deserves: 'ban',
      entries: probing(random, at, gap, over, 0, (dport) =>
        syn(
          random,
          sender,
          {
            prefix: world.prefixes.dropped,
            src,
            dst: onOne ? target : random.pick(world.own),
            sport: random.int(32_768, 60_999),
            dport,
          },
          world.link,
        ),
      ),
    };
  });
}

/** Many who each ask a few ports, at times of their own within `lasts`. */
function crowd(
  world: World,
  name: string,
  kind: Kind,
  sources: readonly number[],
  each: number,
  lasts: number,
  deserves: 'ban' | 'incident',
): Attack {
  const random = world.random(name);
  const at = begin(world, random, lasts);
  const target = random.pick(world.own);
  const all = random.shuffle(range(random.int(1, 3000), sources.length * each));
  const entries: Entry[] = [];
  for (const [index, src] of sources.entries()) {
    const sender = senderOf(random, 'linux');
    for (const dport of all.slice(index * each, (index + 1) * each))
      entries.push({
        at: at + random.float() * lasts,
        kind: 'packet',
        packet: syn(
          random,
          sender,
          { prefix: world.prefixes.dropped, src, dst: target, sport: random.int(32_768, 60_999), dport },
          world.link,
        ),
      });
  }
  return { kind, sources: sources.map(words), targets: [words(target)], deserves, entries: sorted(entries) };
}

function distributed(world: World): Attack[] {
  const random = world.random('distributed');
  const many = (): number[] => Array.from({ length: 200 }, () => world.pool.one());
  const network = world.pool.network();
  const neighbours = range(network + 1, 254);
  return [
    crowd(world, 'distributed 0', 'distributed', many(), 5, random.int(20, 60) * minute, 'incident'),
    crowd(world, 'distributed 1', 'distributed', many(), 5, random.int(60, 180) * minute, 'incident'),
    crowd(world, 'botnet', 'botnet-24', neighbours, random.int(3, 8), random.int(20, 90) * minute, 'ban'),
  ];
}

const stealthy: readonly [Kind, string][] = [
  ['fin', 'FIN'],
  ['null', ''],
  ['xmas', 'URG PSH FIN'],
  ['ack', 'ACK'],
  ['maimon', 'ACK FIN'],
];

function stealth(world: World): Attack[] {
  return stealthy.map(([kind, flags]): Attack => {
    const random = world.random(kind);
    const count = random.pick([60, 100, 300, 1000]);
    const gap = random.pick([2, 30, 400, 3000]);
    const src = world.pool.one();
    const dst = random.pick(world.own);
    const sender = senderOf(random, 'nmap');
    const sport = random.int(33_000, 60_000);
    const prefix = kind === 'ack' ? world.prefixes.dropped : world.prefixes.invalid;
    const at = begin(world, random, 4 * count * gap);
    return {
      kind,
      sources: [words(src)],
      targets: [words(dst)],
      deserves: 'ban',
      entries: probing(random, at, gap, ports(random, count), random.int(0, 1), (dport, round) => ({
        ...syn(random, sender, { prefix, src, dst, sport: sport + round, dport, flags }, world.link),
        length: 40,
      })),
    };
  });
}

function udpScans(world: World): Attack[] {
  const plans: [number, number][] = [
    [100, 800],
    [300, 50],
    [1000, 3],
  ];
  return plans.map(([count, gap], index): Attack => {
    const random = world.random(`udp scan ${index}`);
    const src = world.pool.one();
    const dst = random.pick(world.own);
    const sender = senderOf(random, 'nmap');
    const sport = random.int(33_000, 60_000);
    const at = begin(world, random, 3 * count * gap);
    const over =
      index === 0
        ? [53, 67, 68, 69, 111, 123, 135, 137, 138, 139, 161, 162, 445, 500, 514, 520, 631, 1434, 1900, 4500, 49152]
        : [];
    const rest = ports(random, count - over.length);
    return {
      kind: 'udp-scan',
      sources: [words(src)],
      targets: [words(dst)],
      deserves: 'ban',
      entries: probing(random, at, gap, [...over, ...rest], random.int(0, 1), (dport, round) =>
        udp(random, sender, { prefix: world.prefixes.dropped, src, dst, sport: sport + round, dport }, world.link),
      ),
    };
  });
}

/** The scanner's packets among those that it forged, in the names of the gateway and a resolver too. */
function decoys(world: World): Attack[] {
  return [0, 1].map((index): Attack => {
    const random = world.random(`decoys ${index}`);
    const strangers = Array.from({ length: 7 }, () => world.pool.one());
    const all = [...strangers, world.gateway, world.resolvers[0] as number];
    const dst = random.pick(world.own);
    const sender = senderOf(random, 'nmap');
    const sport = random.int(33_000, 60_000);
    const count = random.pick([160, 300]);
    const gap = random.pick([5, 40]);
    const at = begin(world, random, 2 * count * gap * all.length);
    function* entries(): Generator<Entry> {
      let now = at;
      for (const dport of ports(random, count))
        for (const src of random.shuffle([...all])) {
          const packet = syn(random, sender, { prefix: world.prefixes.dropped, src, dst, sport, dport }, world.link);
          yield { at: now, kind: 'packet', packet };
          now += (gap * (0.5 + random.float())) / all.length;
        }
    }
    return { kind: 'decoys', sources: strangers.map(words), targets: [words(dst)], deserves: 'ban', entries: entries() };
  });
}

/** One machine that takes another address of its /64 for every probe or two. */
function rotating(world: World): Attack[] {
  const random = world.random('rotating');
  const make = (count: number, gap: number, dport: (at: number) => number): Attack => {
    const network = world.pool.network6();
    const dst = random.pick(world.own6);
    const sender = senderOf(random, 'linux');
    const at = begin(world, random, 2 * count * gap);
    return {
      kind: 'rotating-6',
      sources: [`${network}::/64`],
      targets: [dst],
      deserves: 'ban',
      entries: probing(random, at, gap, range(0, count), random.int(0, 1), (index) => {
        const src = ip6(network, anyHost(random));
        const prefix = dport(index) === 22 ? world.prefixes.ssh : world.prefixes.dropped;
        return syn(random, sender, { prefix, src, dst, sport: random.int(32_768, 60_999), dport: dport(index) }, world.link);
      }),
    };
  };
  const over = ports(random, 600);
  return [make(600, random.int(100, 3000), (at) => over[at] as number), make(300, random.int(1000, 4000), () => 22)];
}
