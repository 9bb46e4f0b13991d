import type { Packet } from '../model/packet/index.ts';

/** Answers of ICMP by what they answer, of both families. */
const echoes: ReadonlyMap<number, number> = new Map([
  [8, 0],
  [13, 14],
  [15, 16],
  [17, 18],
  [128, 129],
]);

/** The same connection's packet of the other way. */
export function turned(packet: Packet): Packet {
  const { hook, icmpType } = packet;
  const back = hook === 'forward' ? 'forward' : hook === 'input' ? 'output' : 'input';
  const answers =
    icmpType === null ? null : (echoes.get(icmpType) ?? [...echoes].find(([, to]) => to === icmpType)?.[0] ?? icmpType);
  return {
    ...packet,
    hook: back,
    in: packet.out,
    out: packet.in,
    src: packet.dst,
    dst: packet.src,
    sport: packet.dport,
    dport: packet.sport,
    icmpType: answers,
    mac: null,
  };
}
