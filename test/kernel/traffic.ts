import type { Family } from '../../src/model/net/index.ts';
import { ctStatus, type Hook, type Packet, type State, type Tuple, tcpFlags } from '../../src/model/packet/index.ts';
import { type Edges, places, within } from './edges.ts';
import { arriving, type Lab, peerMac } from './lab.ts';
import { blank, lastPacket } from './last.ts';
import type { Random } from './random.ts';
import { openRules } from './rulesets.ts';

/** A packet and the id it is sent with. */
export interface Shot {
  readonly packet: Packet;
  /** The flow that an ICMP error quotes; `null` for all else. */
  readonly quoted: Flow | null;
  readonly id: number;
}

/** A connection that has been seen both ways, and lives through all rulesets. */
export interface Flow {
  readonly family: Family;
  readonly way: 'input' | 'forward';
  readonly proto: 6 | 17;
  readonly tuple: Tuple;
}

/** What no packet has been sent with yet: another packet of the same connection would not be new. */
export type Fresh = (packet: Packet, id: number) => boolean;

export function freshness(): Fresh {
  const seen = new Set<string>();
  return ({ family, src, dst, proto, sport, dport, icmpType }, id) => {
    // Echoes are told apart by their identifier, the high half of the id; protocols without ports not at all.
    const ends = sport !== null ? [sport, dport] : icmpType !== null ? [icmpType, id >>> 16] : [];
    const key = [family, src, dst, proto, ...ends].join(' ');
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  };
}

const TCP = 6;
const UDP = 17;
const UDPLITE = 136;

/** A packet by chance, most of its fields at an edge of the rules. */
export function makePacket(random: Random, family: Family, edges: Edges, tracking: boolean, flows: readonly Flow[]): Packet {
  if (flows.length > 0 && tracking && random.chance(0.2)) return ofFlow(random, random.pick(flows), edges);
  const hook = random.pick<Hook>(['input', 'input', 'forward', 'forward', 'output']);
  const link = hook === 'output' ? null : random.pick(arriving);
  const { from, here, beyond } = places[family];
  const near = <T>(values: readonly T[], otherwise: () => T): T =>
    values.length > 0 && random.chance(0.6) ? random.pick(values) : otherwise();
  const inside = (nets: readonly { value: bigint; length: number }[], value: bigint): boolean => {
    const all = family === 4 ? 32 : 128;
    return nets.some((net) => value >> BigInt(all - net.length) === net.value >> BigInt(all - net.length));
  };
  // Edges are those of sources and of destinations on either side: only what is on the packet's way is of use.
  const sources = edges.src.filter((value) => inside(from, value));
  const targets = edges.dst.filter((value) => inside(hook === 'input' ? here : beyond, value));
  const dst = near(targets, () =>
    hook === 'input' && random.chance(0.2)
      ? special(random, family, link ?? '')
      : within(random, random.pick(hook === 'input' ? here : beyond)),
  );
  const out = hook === 'input' ? null : outLinkOf(family, dst);
  const proto = near(
    edges.protos.filter((value) => value !== (family === 4 ? 58 : 1)),
    () => random.pick([TCP, TCP, UDP, UDP, family === 4 ? 1 : 58, 132, 136, 47, 253]),
  );
  const icmp = proto === (family === 4 ? 1 : 58);
  const ports = proto === TCP || proto === UDP || proto === 132 || proto === 136;
  const [type, code] = icmp ? near(edges.icmp, () => [family === 4 ? 8 : 128, 0] as const) : [0, 0];
  const wellKnown = edges.ports.filter((value) => value >= 0 && value <= 65535);
  const fragment = !tracking && hook === 'forward' && !icmp && random.chance(0.3);
  const packet: Packet = {
    ...blank,
    family,
    hook,
    in: link,
    out,
    src: near(sources, () => within(random, random.pick(from))),
    dst,
    proto,
    // No UDP packet has a source port of 0 that connection tracking takes.
    sport:
      ports && !fragment
        ? Math.max(1, random.chance(0.4) ? near(wellKnown, () => random.below(65536)) : random.below(65536))
        : null,
    dport:
      ports && !fragment
        ? Math.max(
            1,
            near(wellKnown, () => random.pick([22, 53, 80, 443])),
          )
        : null,
    icmpType: icmp ? type : null,
    icmpCode: icmp ? code : null,
    flags: proto === TCP && !fragment ? (random.chance(0.5) ? tcpFlags.SYN : near(edges.flags, () => random.below(64))) : 0,
    mark: hook === 'output' ? near(edges.marks, () => 0) : 0,
    length: Math.max(
      family === 4 ? 64 : 100,
      near(edges.lengths, () => 64 + random.below(200)),
    ),
    // One hop is left even to those that are forwarded.
    ttl: Math.min(
      254,
      Math.max(
        1,
        near(edges.ttls, () => 64),
      ),
    ),
    fragment,
    mac: link === null ? null : peerMac(random.chance(0.5) ? link : random.pick(arriving)),
  };
  return { ...packet, state: stateOfFirst(packet) };
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

function ofFlow(random: Random, flow: Flow, edges: Edges): Packet {
  const { family, proto, tuple, way } = flow;
  const reply = random.chance(0.5);
  const length = Math.max(
    family === 4 ? 64 : 100,
    random.chance(0.5) && edges.lengths.length > 0 ? random.pick(edges.lengths) : 100,
  );
  return {
    ...flowPacket(flow, reply),
    flags: proto === TCP ? tcpFlags.ACK : 0,
    state: 'ESTABLISHED',
    status: ctStatus.SEEN_REPLY | ctStatus.CONFIRMED,
    direction: reply ? 'reply' : 'original',
    // Left out for half of them: an untranslated connection's first addresses are known from any of its packets.
    original: random.chance(0.5) ? tuple : null,
    length,
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
      const tuple = {
        // Neither the network's first address nor the firewall's own.
        src: net.value | BigInt(2 + random.below(120)),
        dst: within(random, target),
        sport: 20000 + random.below(20000),
        dport: random.pick([22, 53, 443]),
      };
      // The firewall itself would answer TCP with a reset.
      const flow: Flow = { family, way, proto: way === 'forward' && count % 4 === 1 ? TCP : UDP, tuple };
      if (!fresh(flowPacket(flow, false), 0)) continue;
      flows.push(flow);
      const steps = flow.proto === UDP ? [0, 0] : [tcpFlags.SYN, tcpFlags.SYN | tcpFlags.ACK, tcpFlags.ACK];
      for (const [step, flags] of steps.entries()) lab.send({ ...flowPacket(flow, step % 2 === 1), flags }, 0x1000 + step);
    }
    await lab.logged(lastPacket(family));
  }
  return flows;
}
