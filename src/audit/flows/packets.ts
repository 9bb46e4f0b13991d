import { linkTowards } from '../../analysis/answers/index.ts';
import type { Host } from '../../model/host/index.ts';
import { TCP } from '../../model/net/index.ts';
import { ctStatus, type Hook, type Packet, type State, type Tuple, tcpFlags } from '../../model/packet/index.ts';
import { opening } from '../probes.ts';
import { loopbackOf } from '../surroundings.ts';
import type { Flow } from './flow.ts';

/** Packets of a flow: those with which it would begin anew, and those that it sends now. */
export interface FlowPackets {
  /** On the loopback one as it is sent and one as it arrives; else one. */
  readonly first: readonly Packet[];
  /** Towards the end that did not open it, then back. */
  readonly now: readonly Packet[];
}

/**
 * As the chains of filter see them: nat gives an established connection's packets the other addresses before those that arrive
 * come to filter, and after those that leave did. Rules of raw and mangle see the packets as they arrive, which is not told here.
 */
export function packetsOf(host: Host, flow: Flow, trackedAtAll: boolean | null): FlowPackets {
  const { family, direction, first, onward, tracked } = flow;
  const loopback = loopbackOf(host);
  const linkOf = (value: bigint): string => (direction === 'loopback' ? loopback : linkTowards(host, { family, value }).link);
  const [near, far] = [linkOf(first.src), linkOf(onward.dst)];
  const seen: Tuple = { ...first, dst: onward.dst, dport: onward.dport };
  const back: Tuple = { src: onward.dst, dst: first.src, sport: onward.dport, dport: first.sport };
  const forth = (hook: Hook, tuple: Tuple): Packet =>
    packet(flow, hook, tuple, hook === 'output' ? null : near, hook === 'input' ? null : far);
  const answer = (hook: Hook): Packet => packet(flow, hook, back, hook === 'output' ? null : far, hook === 'input' ? null : near);
  const opens =
    direction === 'outbound'
      ? (['output'] as const)
      : direction === 'forwarded'
        ? (['forward'] as const)
        : direction === 'inbound'
          ? (['input'] as const)
          : (['output', 'input'] as const);
  const answers = opens.map((hook) =>
    direction === 'loopback' || hook === 'forward' ? hook : hook === 'input' ? 'output' : 'input',
  );
  const begin = opens.map((hook) => forth(hook, first));
  // Nobody has answered yet: the next packet is treated as the first.
  if (tracked !== null && (tracked.status & ctStatus.SEEN_REPLY) === 0) return { first: begin, now: begin };
  const as = running(flow, trackedAtAll);
  return {
    first: begin,
    now: [...opens.map((hook) => as(forth(hook, seen), 'forth')), ...answers.map((hook) => as(answer(hook), 'back'))],
  };
}

function packet({ family, proto, tracked }: Flow, hook: Hook, tuple: Tuple, into: string | null, out: string | null): Packet {
  const base = opening({ family, hook, in: into, out, proto, src: tuple.src, dst: tuple.dst });
  const { icmpType } = tracked ?? { icmpType: null };
  return { ...base, sport: tuple.sport, dport: tuple.dport, icmpType: icmpType ?? base.icmpType };
}

/** Gives a packet the state that the kernel finds for it in the middle of the connection. */
function running(
  { proto, first, onward, tracked, turned }: Flow,
  trackedAtAll: boolean | null,
): (packet: Packet, way: 'forth' | 'back') => Packet {
  const flags = proto === TCP ? tcpFlags.ACK : 0;
  return (base, way) => {
    const isReply = (way === 'back') !== turned;
    // Where tracking is at work and does not know it, each packet opens it anew.
    const state: State = tracked === null && trackedAtAll !== null ? 'NEW' : 'ESTABLISHED';
    if (state === 'NEW') return { ...base, flags };
    const original: Tuple = turned ? { src: onward.dst, dst: onward.src, sport: onward.dport, dport: onward.sport } : first;
    return {
      ...base,
      flags,
      state,
      status: tracked?.status ?? ctStatus.SEEN_REPLY | ctStatus.CONFIRMED | (proto === TCP ? ctStatus.ASSURED : 0),
      direction: isReply ? 'reply' : 'original',
      original,
      connmark: tracked?.mark ?? 0,
      ...(way === 'back' && base.icmpType !== null && { icmpType: answerTypes.get(base.icmpType) ?? base.icmpType }),
    };
  };
}

/** Echo, timestamp, information and address mask of ICMP; echo of ICMPv6. */
const answerTypes: ReadonlyMap<number, number> = new Map([
  [8, 0],
  [13, 14],
  [15, 16],
  [17, 18],
  [128, 129],
]);
