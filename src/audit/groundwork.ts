import { type Family, parseAddress, TCP, UDP } from '../model/net/index.ts';
import type { Packet } from '../model/packet/index.ts';
import { chainOf, toolOf } from './blame.ts';
import type { Subject } from './check.ts';
import { command } from './command.ts';
import type { Located } from './finding.ts';
import { continuing, icmpOf, opening, replyTo } from './probes.ts';
import { loopbackOf, sshPorts } from './surroundings.ts';
import { ordinary } from './usual.ts';

/** A flow that a host cannot do without, as a match and as a packet of it. */
interface Need {
  readonly match: string;
  readonly packet: Packet;
}

/**
 * What has to be accepted before a chain's policy may deny: commands, in order, for every flow that a host cannot do
 * without and that only the policy, or a rule of `doomed`, accepts now. Whoever pastes a fix must not be locked out by
 * it. `stranger` is a packet of the chain between the host and somebody outside.
 */
export function groundwork(subject: Subject, stranger: Packet, doomed: readonly Located[]): readonly string[] {
  const { family, hook } = stranger;
  const needs = hook === 'input' ? inward(subject, stranger) : hook === 'output' ? outward(subject, stranger) : through(stranger);
  return needs
    .filter(({ packet }) => !keepsAccepting(subject, packet, doomed))
    .map(({ match }) => `${toolOf(family)} -A ${chainOf[hook]} ${match} -j ACCEPT`);
}

/** A rule that stays decides for the packet as it usually is; what it denies, somebody denied on purpose. */
function keepsAccepting({ evaluator }: Subject, packet: Packet, doomed: readonly Located[]): boolean {
  const trace = evaluator.trace(packet);
  if (trace === null) return false;
  const usual = trace.verdict === 'DEPENDS' ? ordinary(trace).map(({ decidedBy }) => decidedBy) : [trace.decidedBy];
  return usual.every(
    (by) =>
      by !== null &&
      by.rule !== 'policy' &&
      !doomed.some(({ table, chain, rule }) => table === by.table && chain === by.chain && rule === by.rule),
  );
}

const connections = '-m conntrack --ctstate RELATED,ESTABLISHED';

function ping(family: Family): string {
  // IPv6 does not work without its ICMP: neighbours are found by it.
  return family === 4 ? '-p icmp --icmp-type echo-request' : '-p ipv6-icmp';
}

function loopback({ host }: Subject, stranger: Packet): Packet {
  const { family, hook } = stranger;
  const own = parseAddress(family === 4 ? '127.0.0.1' : '::1')?.value ?? 0n;
  const link = loopbackOf(host);
  return opening({
    family,
    hook,
    ...(hook === 'input' ? { in: link } : { out: link }),
    src: own,
    dst: own,
    proto: TCP,
    dport: 33_333,
  });
}

function inward(subject: Subject, stranger: Packet): Need[] {
  const { family, in: link, src, dst } = stranger;
  const from = { family, hook: 'input', in: link, src, dst } as const;
  const reply = replyTo(opening({ family, hook: 'output', out: link, src: dst, dst: src, proto: TCP, dport: 443 }));
  return [
    { match: command`-i ${loopbackOf(subject.host)}`, packet: loopback(subject, stranger) },
    { match: connections, packet: reply },
    { match: ping(family), packet: opening({ ...from, proto: icmpOf(family) }) },
    ...sshPorts(subject.host, family).map((port) => ({
      match: `-p tcp --dport ${port}`,
      packet: opening({ ...from, proto: TCP, dport: port }),
    })),
  ];
}

/** Loopback, replies, and what updates need: names, time, web. */
function outward(subject: Subject, stranger: Packet): Need[] {
  const { family, out: link, src, dst } = stranger;
  const to = { family, hook: 'output', out: link, src, dst } as const;
  const answer = continuing(opening({ ...to, proto: TCP, sport: 22, dport: 40_000 }));
  const reaches = (proto: 'tcp' | 'udp', ports: string, dport: number): Need => ({
    match: `-p ${proto} -m multiport --dports ${ports}`,
    packet: opening({ ...to, proto: proto === 'tcp' ? TCP : UDP, dport }),
  });
  return [
    { match: command`-o ${loopbackOf(subject.host)}`, packet: loopback(subject, stranger) },
    { match: connections, packet: answer },
    { match: ping(family), packet: opening({ ...to, proto: icmpOf(family) }) },
    reaches('udp', '53,123', 53),
    reaches('tcp', '53,80,443', 443),
  ];
}

function through(stranger: Packet): Need[] {
  return [{ match: connections, packet: continuing({ ...stranger, proto: TCP, sport: 443, dport: 40_000 }) }];
}
