import type { Family } from '../../src/model/net/index.ts';
import { ctStatus, type Hook, type Packet, packetTypes, type State, type Tuple, tcpFlags } from '../../src/model/packet/index.ts';
import { type Edges, type Net, places, within } from './edges.ts';
import { arriving, type Lab, peerMac } from './lab.ts';
import { blank, lastPacket } from './last.ts';
import type { Random } from './random.ts';
import { flowMarks, openRules } from './rulesets.ts';

/** A packet and the id it is sent with. */
export interface Shot {
  readonly packet: Packet;
  /** The flow that an ICMP error quotes; `null` for all else. */
  readonly quoted: Flow | null;
  readonly id: number;
  /** In how many fragments it is sent. */
  readonly fragments: number;
}

/** A connection that has been seen both ways, and lives through all rulesets. */
export interface Flow {
  readonly family: Family;
  readonly way: 'input' | 'forward';
  readonly proto: 6 | 17;
  readonly tuple: Tuple;
  /** The connection's mark, as {@link openRules} gave it. */
  readonly connmark: number;
}

/** What no packet has been sent with yet: another packet of the same connection would not be new. */
export type Fresh = (packet: Packet, id: number) => boolean;

export function freshness(): Fresh {
  const seen = new Set<string>();
  return ({ family, src, dst, proto, sport, dport, icmpType }, id) => {
    // Wherever nat sends it, no answer to one connection looks like an answer to another, or the kernel would change more
    // than it was told to. Echoes are told apart by their identifier, the high half of the id; other protocols not at all,
    // DCCP among them since Linux 6.16: these nat leaves alone here.
    const end = sport !== null && proto !== DCCP ? sport : icmpType !== null ? id >>> 16 : dst;
    const key = `${family} ${src} ${proto} ${end}`;
    const ports = proto !== DCCP && sport !== null;
    const way = (from: bigint, to: bigint, fromPort: number | null, toPort: number | null): string =>
      `${family} ${proto} ${from} to ${to} ${ports ? `${fromPort} ${toPort}` : ''}`;
    // Between two of the firewall's own addresses one packet may be the answer to another.
    if (seen.has(key) || seen.has(way(dst, src, dport, sport))) return false;
    seen.add(key);
    if (icmpType === null) seen.add(way(src, dst, sport, dport));
    return true;
  };
}

const TCP = 6;
const UDP = 17;
const UDPLITE = 136;
const ICMP = 1;
const ICMPV6 = 58;
const DCCP = 33;

/** What of a ruleset's edges is of use to packets: addresses sorted by the side that they lie on, values that fit a field. */
export interface Aims {
  readonly family: Family;
  readonly tracking: boolean;
  readonly edges: Edges;
  readonly sources: readonly bigint[];
  readonly here: readonly bigint[];
  readonly beyond: readonly bigint[];
  readonly protos: readonly number[];
  readonly ports: readonly number[];
  readonly marks: readonly number[];
}

export function aimsOf(family: Family, edges: Edges, tracking: boolean): Aims {
  const { from, here, beyond } = places[family];
  const bits = family === 4 ? 32 : 128;
  const inside = (nets: readonly Net[], values: readonly bigint[]): readonly bigint[] =>
    values.filter((value) => nets.some((net) => value >> BigInt(bits - net.length) === net.value >> BigInt(bits - net.length)));
  return {
    family,
    tracking,
    edges,
    sources: inside(from, edges.src),
    here: inside(here, edges.dst),
    beyond: inside(beyond, edges.dst),
    protos: edges.protos.filter((value) => value !== (family === 4 ? ICMPV6 : ICMP)),
    ports: edges.ports.filter((value) => value >= 0 && value <= 65535),
    marks: edges.marks,
  };
}

/** A packet by chance, most of its fields at an edge of the rules. */
export function makePacket(random: Random, aims: Aims, flows: readonly Flow[]): Packet {
  const { family, tracking, edges } = aims;
  if (flows.length > 0 && tracking && random.chance(0.2)) return ofFlow(random, random.pick(flows), edges);
  const way = random.pick(['input', 'input', 'forward', 'forward', 'output', 'loop'] as const);
  const hook: Hook = way === 'loop' ? 'output' : way;
  const toHere = way === 'input' || way === 'loop';
  const link = hook === 'output' ? null : random.pick(arriving);
  const { from, here, beyond } = places[family];
  const near = <T>(values: readonly T[], otherwise: () => T): T =>
    values.length > 0 && random.chance(0.6) ? random.pick(values) : otherwise();
  const dst = near(toHere ? aims.here : aims.beyond, () =>
    way === 'input' && random.chance(0.2)
      ? special(random, family, link ?? '')
      : within(random, random.pick(toHere ? here : beyond)),
  );
  const out = hook === 'input' ? null : way === 'loop' ? 'lo' : outLinkOf(family, dst);
  const proto = near(aims.protos, () =>
    random.pick([TCP, TCP, UDP, UDP, family === 4 ? ICMP : ICMPV6, 132, UDPLITE, DCCP, 47, 253]),
  );
  const icmp = proto === (family === 4 ? ICMP : ICMPV6);
  const ports = proto === TCP || proto === UDP || proto === 132 || proto === UDPLITE || proto === DCCP;
  const [type, code] = icmp ? near(edges.icmp, () => [family === 4 ? 8 : 128, 0] as const) : [0, 0];
  // Before INPUT, and where connections are tracked, the kernel puts fragments together.
  const fragment = !tracking && hook !== 'output' && !icmp && random.chance(0.3);
  const length = near(edges.lengths, () => 64 + random.below(200));
  const packet: Packet = {
    ...blank,
    family,
    hook,
    in: link,
    out,
    src: near(aims.sources, () => within(random, random.pick(way === 'loop' && random.chance(0.3) ? here : from))),
    dst,
    proto,
    // No UDP packet has a source port of 0 that connection tracking takes.
    sport:
      ports && !fragment
        ? Math.max(1, random.chance(0.4) ? near(aims.ports, () => random.below(65536)) : random.below(65536))
        : null,
    dport:
      ports && !fragment
        ? Math.max(
            1,
            near(aims.ports, () => random.pick([22, 53, 80, 443])),
          )
        : null,
    icmpType: icmp ? type : null,
    icmpCode: icmp ? code : null,
    flags: proto === TCP && !fragment ? (random.chance(0.5) ? tcpFlags.SYN : near(edges.flags, () => random.below(64))) : 0,
    mark: hook === 'output' ? near(aims.marks, () => 0) : 0,
    length: Math.min(1500, Math.max(shortest(family, proto), length)),
    ttl: ttlOf(
      random,
      hook,
      near(edges.ttls, () => 64),
    ),
    fragment,
    mac: link === null ? null : peerMac(random.chance(0.5) ? link : random.pick(arriving)),
    tos: near(edges.services, () => random.below(256)),
    // What is routed on must be addressed to the firewall.
    pktType: way === 'input' && random.chance(0.3) ? random.pick(packetTypes) : 'unicast',
    uid: hook === 'output' ? near(edges.users, () => 0) : null,
    gid: hook === 'output' ? near(edges.users, () => 0) : null,
  };
  return { ...packet, state: stateOfFirst(packet) };
}

/** The shortest packet that still has its headers and the four bytes of its id. */
export function shortest(family: Family, proto: number): number {
  const transport: Readonly<Record<number, number>> = {
    [TCP]: 20,
    132: 44,
    [UDP]: 12,
    [UDPLITE]: 12,
    [ICMP]: 12,
    [ICMPV6]: 12,
    [DCCP]: 20,
    47: 8,
  };
  return (family === 4 ? 20 : 40) + (transport[proto] ?? 8);
}

/** A forwarded packet needs one hop more than it has at FORWARD. */
function ttlOf(random: Random, hook: Hook, edge: number): number {
  const ttl = random.chance(0.03) ? random.pick([0, 1, 254, 255]) : edge;
  return hook === 'forward' ? Math.min(254, Math.max(1, ttl)) : Math.min(255, Math.max(0, ttl));
}

/** Destinations that are not quite addresses of the host. */
function special(random: Random, family: Family, link: string): bigint {
  const index = BigInt(arriving.indexOf(link) + 1);
  if (family === 6) return random.pick([(0xfd09n << 112n) | (index << 96n) | 1n, (0xff02n << 112n) | 1n]);
  const own = 0x0a090001n | (index << 8n);
  return random.pick([own, own | 0xffn, 0xffffffffn, 0xe0000001n]);
}

function outLinkOf(family: Family, dst: bigint): string {
  const [, second] = places[family].beyond;
  if (second === undefined) throw new Error('there is one way out only');
  const shift = BigInt((family === 4 ? 32 : 128) - second.length);
  return dst >> shift === second.value >> shift ? 'lan1' : 'lan0';
}

/**
 * What connection tracking makes of the first packet of a connection (net/netfilter/nf_conntrack_proto_{tcp,icmp,icmpv6}.c,
 * with nf_conntrack_tcp_loose as it comes).
 */
export function stateOfFirst(packet: Packet): State {
  const { family, proto, icmpType, flags } = packet;
  if (proto === TCP) {
    // PSH does not count. A SYN or an ACK opens a connection, each with or without URG.
    const plain = flags & ~(tcpFlags.PSH | tcpFlags.URG);
    return plain === tcpFlags.SYN || plain === tcpFlags.ACK ? 'NEW' : 'INVALID';
  }
  // The checksum of what arrives is computed as if it were UDP's, and so never right (nf_conntrack_proto_udp.c, udplite_error).
  if (proto === UDPLITE) return packet.hook === 'output' ? 'NEW' : 'INVALID';
  if (family === 4 && proto === 1) return [8, 13, 15, 17].includes(icmpType ?? -1) ? 'NEW' : 'INVALID';
  if (family === 6 && proto === 58) {
    const type = icmpType ?? -1;
    if ((type >= 130 && type <= 136) || type === 143) return 'UNTRACKED';
    return type === 128 || type === 139 ? 'NEW' : 'INVALID';
  }
  return 'NEW';
}

/** A packet of the flow, either way, of a length that some rule tells from the next. */
export function ofFlow(random: Random, flow: Flow, edges: Edges): Packet {
  const { family, proto, tuple, way } = flow;
  const reply = random.chance(0.5);
  const length = random.chance(0.5) && edges.lengths.length > 0 ? random.pick(edges.lengths) : 100;
  return {
    ...flowPacket(flow, reply),
    flags: proto === TCP ? tcpFlags.ACK : 0,
    state: 'ESTABLISHED',
    status: ctStatus.SEEN_REPLY | ctStatus.CONFIRMED,
    direction: reply ? 'reply' : 'original',
    // Left out for half of them: an untranslated connection's first addresses are known from any of its packets.
    original: random.chance(0.5) ? tuple : null,
    connmark: flow.connmark,
    length: Math.min(1500, Math.max(shortest(family, proto), length)),
    ttl: 64,
    ...(way === 'input' && reply ? { mark: 0 } : {}),
  };
}

/** One packet of the flow, without state. */
export function flowPacket({ family, proto, tuple, way }: Flow, reply: boolean): Packet {
  const ends = reply ? { src: tuple.dst, dst: tuple.src, sport: tuple.dport, dport: tuple.sport } : tuple;
  const hook: Hook = way === 'forward' ? 'forward' : reply ? 'output' : 'input';
  const link = hook === 'output' ? null : reply ? 'lan0' : 'eth0';
  const out = hook === 'forward' ? (reply ? 'eth0' : 'lan0') : hook === 'output' ? 'lan0' : null;
  return { ...blank, family, hook, proto, ...ends, in: link, out, mac: link === null ? null : peerMac(link) };
}

/** Makes connections and keeps those that tracking then knows both ways. */
export async function openFlows(lab: Lab, random: Random, fresh: Fresh): Promise<readonly Flow[]> {
  const flows: Flow[] = [];
  for (const family of [4, 6] as const) {
    await lab.load(family, openRules(family));
    const { from, here, beyond } = places[family];
    const [far, , near] = family === 4 ? [from[0], from[1], from[2]] : [from[0], from[0], from[1]];
    for (let count = 0; count < 24; count += 1) {
      const way = count % 2 === 0 ? 'input' : 'forward';
      // Answers to a forwarded connection go back out of the link it came in by.
      const net = way === 'input' ? far : near;
      const target = (way === 'input' ? here : beyond)[0];
      if (net === undefined || target === undefined) throw new Error('there is no place to connect from or to');
      const [dport, connmark] = random.pick(flowMarks);
      const tuple = {
        // Neither the network's first address nor the firewall's own.
        src: net.value | BigInt(2 + random.below(120)),
        dst: within(random, target),
        sport: 20000 + random.below(20000),
        dport,
      };
      // The firewall itself would answer TCP with a reset.
      const flow: Flow = { family, way, proto: way === 'forward' && count % 4 === 1 ? TCP : UDP, tuple, connmark };
      if (!fresh(flowPacket(flow, false), 0)) continue;
      flows.push(flow);
      const steps = flow.proto === UDP ? [0, 0] : [tcpFlags.SYN, tcpFlags.SYN | tcpFlags.ACK, tcpFlags.ACK];
      for (const [step, flags] of steps.entries()) lab.send({ ...flowPacket(flow, step % 2 === 1), flags }, 0x1000 + step);
    }
    await lab.logged(lastPacket(family));
  }
  return flows;
}
