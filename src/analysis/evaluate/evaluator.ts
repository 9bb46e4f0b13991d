import type { Host } from '../../model/host/index.ts';
import { ICMPV6 } from '../../model/net/index.ts';
import { ctStatus, type Packet, type Trace } from '../../model/packet/index.ts';
import { traceOf } from './endings.ts';
import { surroundingsOf } from './surroundings.ts';
import { walk } from './walk.ts';

/** Answers for single packets on one host, rule by rule. */
export interface Evaluator {
  /** `null` when the ruleset of the packet's family is unknown. */
  trace(packet: Packet): Trace | null;
}

/**
 * The plain interpreter of a host's rules.
 *
 * `decidedBy` is the rule or policy that gave the verdict: the one that dropped or rejected, or for an accepted packet
 * that of filter; where no filter table stands in the way, the last accepting rule, else the last policy. The path
 * lists every rule that matched or may have matched when every question is answered no, and the policies met.
 */
export function createEvaluator(host: Host): Evaluator {
  const surroundings = surroundingsOf(host);
  return {
    trace(packet) {
      const ruleset = host.rulesets[packet.family];
      if (!ruleset.known) return null;
      const trace = traceOf((script) => walk(packet, ruleset.value, surroundings, script));
      const taken = takenForGranted(packet);
      return taken.length === 0 ? trace : { ...trace, assumed: [...trace.assumed, ...taken] };
    },
  };
}

/**
 * What is taken for granted of a packet whatever the rules are, as sentences: where what it says of itself and its own kind or way
 * contradict each other, or leave it open.
 */
export function takenForGranted(packet: Packet): readonly string[] {
  const sentences: string[] = [];
  if (packet.state === 'NEW' && packet.proto === ICMPV6 && packet.family === 6 && neverTracked(packet.icmpType)) {
    sentences.push(
      `ICMPv6 type ${packet.icmpType} is taken as ${packet.state}, as said; the kernel never tracks it, so it is UNTRACKED`,
    );
  }
  if (packet.fragment) {
    // IPv4 assembles in ip_local_deliver, before INPUT; IPv6 by the fragment header's own handler, behind it.
    // xt_TPROXY.c and xt_socket.c ask for it too (nf_defrag_ipv4_enable).
    const wanted = 'where connections are tracked, where any rule says TPROXY or socket,';
    const where = packet.family === 4 ? `${wanted} and before INPUT,` : wanted;
    sentences.push(`the packet is taken as a fragment all the way; ${where} the kernel puts fragments together first`);
  }
  if (packet.state === 'ESTABLISHED' && (packet.status & (ctStatus.SNAT | ctStatus.DNAT)) !== 0) {
    sentences.push('the connection is translated; its later packets are taken with the addresses given, all the way');
  }
  return sentences;
}

/** Router and neighbour discovery and multicast listener messages (net/netfilter/nf_conntrack_proto_icmpv6.c, noct_valid_new). */
function neverTracked(type: number | null): boolean {
  return type !== null && ((type >= 130 && type <= 136) || type === 143);
}
