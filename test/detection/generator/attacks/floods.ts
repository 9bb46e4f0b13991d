import { ip4, words } from '../address.ts';
import type { Attack, Entry } from '../entry.ts';
import type { Packet } from '../packet.ts';
import type { Random } from '../random.ts';
import { senderOf, syn, udp, type World } from '../world.ts';
import { begin, echo, scaled } from './scans.ts';

const minute = 60_000;
/** Floods of a smaller log are shorter, and as dense. */
const floodOf = (world: World, aMinute: number): readonly [lasts: number, count: number] => {
  const lasts = scaled(world, minute, 9000);
  return [lasts, Math.round((aMinute * lasts) / minute)];
};

export function floods(world: World): Attack[] {
  return [
    spoofedSyn(world),
    singleSyn(world),
    udpFlood(world),
    reflection(world),
    icmp(world),
    martian(world),
    ownAddress(world),
    ...fromHere(world),
  ];
}

/** So many packets within `lasts`, evenly but for chance. */
function* raining(random: Random, at: number, lasts: number, count: number, packet: () => Packet): Generator<Entry> {
  let now = at;
  for (let index = 0; index < count; index += 1) {
    yield { at: now, kind: 'packet', packet: packet() };
    now += (lasts / count) * (0.5 + random.float());
  }
}

function spoofedSyn(world: World): Attack {
  const random = world.random('spoofed flood');
  const dst = random.pick(world.own);
  const dport = random.pick([80, 443, 25]);
  const count = scaled(world, 60_000, 3000);
  const lasts = scaled(world, minute, 3000);
  return {
    kind: 'syn-flood-spoofed',
    sources: [],
    targets: [words(dst)],
    deserves: 'incident',
    entries: raining(random, begin(world, random, 2 * lasts), lasts, count, () =>
      // Anybody's address: whoever forges does not look.
      syn(
        random,
        { tool: 'bot', ttl: 241 },
        { prefix: world.prefixes.service, src: random.int(0x01000000, 0xdfffffff), dst, sport: random.int(1024, 65_535), dport },
        world.link,
      ),
    ),
  };
}

function singleSyn(world: World): Attack {
  const random = world.random('syn flood');
  const [src, dst] = [world.pool.one(), random.pick(world.own)];
  const sender = senderOf(random, 'bot');
  const dport = random.pick([80, 443]);
  const [lasts, count] = floodOf(world, 20_000);
  return {
    kind: 'syn-flood',
    sources: [words(src)],
    targets: [words(dst)],
    deserves: 'ban',
    entries: raining(random, begin(world, random, 2 * minute), lasts, count, () =>
      syn(random, sender, { prefix: world.prefixes.service, src, dst, sport: random.int(1024, 65_535), dport }, world.link),
    ),
  };
}

function udpFlood(world: World): Attack {
  const random = world.random('udp flood');
  const [src, dst] = [world.pool.one(), random.pick(world.own)];
  const sender = senderOf(random);
  const dport = random.pick([0, 53, 27_015, 4500]);
  const [lasts, count] = floodOf(world, 20_000);
  return {
    kind: 'udp-flood',
    sources: [words(src)],
    targets: [words(dst)],
    deserves: 'incident',
    entries: raining(random, begin(world, random, 2 * minute), lasts, count, () =>
      udp(
        random,
        sender,
        {
          prefix: world.prefixes.dropped,
          src,
          dst,
          sport: random.int(1024, 65_535),
          dport: dport === 0 ? random.int(1, 65_535) : dport,
        },
        world.link,
      ),
    ),
  };
}

/** Answers of open resolvers and time servers to questions that somebody asked in this host's name. */
function reflection(world: World): Attack {
  const random = world.random('reflection');
  const dst = random.pick(world.own);
  const servers = Array.from({ length: scaled(world, 2000, 150) }, () => ({
    src: world.pool.one(),
    sender: senderOf(random, 'linux'),
  }));
  const sport = random.pick([53, 123, 1900, 11_211]);
  const dport = random.int(1024, 65_535);
  const [lasts, count] = floodOf(world, 25_000);
  return {
    kind: 'udp-reflection',
    sources: servers.map(({ src }) => words(src)),
    targets: [words(dst)],
    deserves: 'incident',
    entries: raining(random, begin(world, random, 2 * minute), lasts, count, () => {
      const { src, sender } = random.pick(servers);
      return {
        ...udp(random, sender, { prefix: world.prefixes.dropped, src, dst, sport, dport }, world.link),
        length: random.int(468, 1500),
      };
    }),
  };
}

function icmp(world: World): Attack {
  const random = world.random('icmp flood');
  const [src, dst] = [world.pool.one(), random.pick(world.own)];
  const [lasts, count] = floodOf(world, 8000);
  return {
    kind: 'icmp-flood',
    sources: [words(src)],
    targets: [words(dst)],
    deserves: 'incident',
    entries: raining(random, begin(world, random, 2 * minute), lasts, count, () => ({
      ...echo(world, random, src, dst, 51),
      length: random.pick([84, 1052, 1500]),
    })),
  };
}

/** Sources that no packet of the world can have. */
function martian(world: World): Attack {
  const random = world.random('martian');
  const dst = random.pick(world.own);
  const impossible = ['127.0.0.1', '127.8.8.8', '240.1.2.3', '0.1.2.3', '224.0.0.9', '255.255.255.254'].map(ip4);
  return {
    kind: 'martian',
    sources: impossible.map(words),
    targets: [words(dst)],
    deserves: 'incident',
    entries: raining(random, begin(world, random, 20 * minute), 10 * minute, 120, () =>
      syn(
        random,
        { tool: 'bot', ttl: 244 },
        {
          prefix: world.prefixes.dropped,
          src: random.pick(impossible),
          dst,
          sport: random.int(1024, 65_535),
          dport: random.pick([22, 80, 443]),
        },
        world.link,
      ),
    ),
  };
}

/** Packets of the world in this host's own name. */
function ownAddress(world: World): Attack {
  const random = world.random('own address');
  const dst = random.pick(world.own);
  return {
    kind: 'own-address',
    sources: [words(dst)],
    targets: [words(dst)],
    deserves: 'incident',
    entries: raining(random, begin(world, random, 10 * minute), 5 * minute, 60, () =>
      syn(random, { tool: 'bot', ttl: 244 }, { prefix: world.prefixes.dropped, src: dst, dst, sport: 80, dport: 80 }, world.link),
    ),
  };
}

/** What this host itself should not do: scan others, and ask the cloud for its keys. */
function fromHere(world: World): Attack[] {
  const scan = (name: string, dport: number, count: number, gap: number): Attack => {
    const random = world.random(name);
    const src = world.own[0] as number;
    const sender = { tool: 'linux' as const, ttl: 64 };
    const at = begin(world, random, 2 * count * gap);
    return {
      kind: 'outbound',
      sources: [words(src)],
      targets: [],
      deserves: 'incident',
      entries: raining(random, at, count * gap, count, () => leaving(world, random, sender, src, world.pool.one(), dport, 33)),
    };
  };
  const random = world.random('metadata');
  const src = world.own[0] as number;
  const at = begin(world, random, 5 * minute);
  return [
    scan('outbound 0', 22, 400, 30),
    scan('outbound 1', 445, 150, 1500),
    {
      kind: 'metadata',
      sources: [words(src)],
      targets: ['169.254.169.254'],
      deserves: 'incident',
      entries: raining(random, at, minute, 6, () =>
        leaving(world, random, { tool: 'linux', ttl: 64 }, src, ip4('169.254.169.254'), 80, 33),
      ),
    },
  ];
}

export function leaving(
  world: World,
  random: Random,
  sender: Parameters<typeof syn>[1],
  src: number,
  dst: number,
  dport: number,
  uid: number,
): Packet {
  const {
    in: _,
    mac: __,
    ...rest
  } = syn(random, sender, { prefix: world.prefixes.outgoing, src, dst, sport: random.int(32_768, 60_999), dport }, world.link);
  return { ...rest, out: world.link, tail: `UID=${uid} GID=${uid} ` };
}
