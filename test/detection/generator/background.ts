import { anyHost, ip6, words } from './address.ts';
import type { Entry } from './entry.ts';
import type { Random } from './random.ts';
import { type Sender, senderOf, syn, udp, type World } from './world.ts';

/** The noise that every address of the internet hears, and who makes it: few very often, most of them once. */
export interface Background {
  readonly entries: Iterable<Entry>;
  /** Who sent something. */
  sources(): string[];
}

/** Sources that are drawn from, and lines, of the whole log. With an exponent of 1.05 about 90,000 of them send something. */
const whole = { ranks: 170_000, lines: 775_000 };
const exponent = 1.05;

/** What bots look for, so often each. A port over 65,535 is one of UDP. */
const udpBit = 0x10000;
const sought: readonly (readonly [port: number, weight: number])[] = [
  [23, 22],
  [22, 9],
  [445, 8],
  [80, 6],
  [8080, 6],
  [443, 5],
  [3389, 5],
  [2323, 3],
  [5555, 3],
  [6379, 3],
  [1433, 3],
  [3306, 2],
  [8443, 2],
  [5900, 2],
  [25, 2],
  [7547, 1],
  [udpBit | 5060, 4],
  [udpBit | 123, 2],
  [udpBit | 161, 2],
  [udpBit | 53, 2],
  [udpBit | 1900, 2],
  [udpBit | 11211, 1],
];
const totalWeight = sought.reduce((sum, [, weight]) => sum + weight, 0);

function seekPort(random: Random): number {
  let at = random.float() * totalWeight * 1.15;
  for (const [port, weight] of sought) {
    if (at < weight) return port;
    at -= weight;
  }
  return random.int(1, 65_535);
}

interface Bot {
  readonly src: number | string;
  readonly sender: Sender;
  /** One, four, or none: then any. */
  readonly ports: readonly number[];
}

export function background(world: World): Background {
  const random = world.random('background');
  const ranks = Math.max(200, Math.round(whole.ranks * world.scale));
  const lines = Math.max(1000, Math.round(whole.lines * world.scale));
  let harmonic = 0;
  for (let rank = 1; rank <= ranks; rank += 1) harmonic += rank ** -exponent;
  const room = world.to - world.from - 60_000;
  const bots: Bot[] = [];
  // Milliseconds since the start, and whose, in one number, so that sorting is cheap.
  const times: number[] = [];
  let last = 0;
  for (let rank = 1; rank <= ranks; rank += 1) {
    const mean = (lines / harmonic) * rank ** -exponent;
    const count = poisson(random, mean);
    if (count === 0) continue;
    const index = bots.length;
    const six = random.chance(0.02);
    // Bad neighbourhoods: some share their /24.
    const src = six
      ? ip6(world.pool.network6(), anyHost(random))
      : last !== 0 && random.chance(0.04)
        ? world.pool.beside(last)
        : world.pool.one();
    if (typeof src === 'number') last = src;
    const kind = random.float();
    const wanted = kind < 0.8 ? 1 : kind < 0.95 ? 4 : 0;
    bots.push({ src, sender: senderOf(random), ports: Array.from({ length: wanted }, () => seekPort(random)) });
    // Some come all day, others for some hours.
    const stays = count < 3 || random.chance(0.7) ? room : room * (0.25 + 0.75 * random.float());
    const begins = random.float() * (room - stays);
    for (let line = 0; line < count; line += 1) times.push(Math.floor(begins + random.float() * stays) * 0x40000 + index);
  }
  const order = Float64Array.from(times).sort();
  function* entries(): Generator<Entry> {
    for (const each of order) {
      const index = each % 0x40000;
      const bot = bots[index] as Bot;
      const at = world.from + (each - index) / 0x40000 + random.float();
      yield { at, kind: 'packet', packet: packetOf(world, random, bot) };
    }
  }
  return {
    entries: monotonic(entries()),
    sources: () => bots.map(({ src }) => (typeof src === 'string' ? `${src.slice(0, 19)}::/64` : words(src))),
  };
}

function packetOf(world: World, random: Random, { src, sender, ports }: Bot) {
  const dst = typeof src === 'string' ? random.pick(world.own6) : random.pick(world.own);
  const port = ports.length === 0 ? (random.chance(0.5) ? seekPort(random) : random.int(1, 65_535)) : random.pick(ports);
  const isUdp = port >= udpBit;
  const ends = { prefix: world.prefixes.dropped, src, dst, sport: random.int(1025, 65_535), dport: port % udpBit };
  return isUdp ? udp(random, sender, ends, world.link) : syn(random, sender, ends, world.link);
}

/** Two within one millisecond may come in either order. */
function* monotonic(entries: Iterable<Entry>): Generator<Entry> {
  let last = 0;
  for (const entry of entries) {
    last = Math.max(last, entry.at);
    yield { ...entry, at: last };
  }
}

function poisson(random: Random, mean: number): number {
  // Of many, the spread is that of the normal distribution.
  if (mean > 50)
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * (random.float() + random.float() + random.float() - 1.5) * 2));
  const limit = Math.exp(-mean);
  let [count, product] = [0, random.float()];
  while (product > limit) {
    count += 1;
    product *= random.float();
  }
  return count;
}
