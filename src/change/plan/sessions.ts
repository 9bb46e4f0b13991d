import { createEvaluator } from '../../analysis/index.ts';
import type { Kernel } from '../../kernel/index.ts';
import type { Host, Session } from '../../model/host/index.ts';
import { type Packet, type State, type Trace, tcpFlags } from '../../model/packet/index.ts';

/** What would become of one connection over which somebody manages the host. */
export interface SessionFate {
  readonly session: Session;
  /** Its next packet, as tracking knows it. */
  readonly established: Trace['verdict'];
  /** The same where tracking begins only now, as at the first rule that asks for it: NEW, and no SYN. */
  readonly untracked: Trace['verdict'];
  /** A new connection from the same address. */
  readonly again: Trace['verdict'];
  /** It goes on, since the kernel is told of it before the rules are there, and whoever loses it comes in again. */
  readonly survives: boolean;
}

/** Follows three packets of each session through the rules of a host. */
export function fatesOf(host: Host, sessions: readonly Session[]): readonly SessionFate[] {
  const evaluator = createEvaluator(host);
  return sessions.map((session) => {
    const follow = (state: State, flags: number, sport: number): Trace | null =>
      evaluator.trace(packetOf(host, session, state, flags, sport));
    const established = follow('ESTABLISHED', tcpFlags.ACK, session.peerPort)?.verdict ?? 'UNDECIDED';
    const untracked = follow('NEW', tcpFlags.ACK, session.peerPort)?.verdict ?? 'UNDECIDED';
    const again = follow('NEW', tcpFlags.SYN, session.peerPort === 40_000 ? 40_001 : 40_000);
    const survives = established === 'ACCEPT' && mayPass(again);
    return { session, established, untracked, again: again?.verdict ?? 'UNDECIDED', survives };
  });
}

/**
 * Makes sure that sessions go on under the rules that a host is to have. On a host where nobody asked for connection tracking so far, the
 * next packet of an idle session would be NEW and no SYN, which `new-not-syn` drops and a limit counts. So the kernel is told of each
 * session, as if it had seen it begin: no rule has to exempt it, none has to be taken away again, and it is known for as long as it lasts,
 * however long it stays idle (five days at most, as with any other connection).
 *
 * @returns those that would be cut: the kernel could not be told, and nothing says that it knows them.
 */
export function keepSessions(
  kernel: Kernel,
  { conntrack }: Host,
  fates: readonly SessionFate[],
): readonly { readonly fate: SessionFate; readonly why: string }[] {
  const told = kernel.track(
    fates.map(({ session: { peer, peerPort, local, localPort } }) => ({
      from: peer,
      fromPort: peerPort,
      to: local,
      toPort: localPort,
    })),
  );
  const isTracking = conntrack.known && conntrack.value !== null && conntrack.value.count > 0;
  if (told.ok || isTracking) return [];
  const why = told.problems[0]?.message ?? '';
  return fates.filter(({ untracked }) => untracked !== 'ACCEPT').map((fate) => ({ fate, why }));
}

/** While limits are not reached. */
function mayPass(trace: Trace | null): boolean {
  if (trace?.verdict === 'DEPENDS') return trace.outcomes.some(({ verdict }) => verdict === 'ACCEPT');
  return trace?.verdict === 'ACCEPT';
}

function packetOf(host: Host, { local, localPort, peer, peerPort }: Session, state: State, flags: number, sport: number): Packet {
  return {
    family: peer.family,
    hook: 'input',
    in: linkOf(host, local.value),
    out: null,
    src: peer.value,
    dst: local.value,
    proto: 6,
    sport: state === 'ESTABLISHED' ? peerPort : sport,
    dport: localPort,
    icmpType: null,
    icmpCode: null,
    flags,
    state,
    status: 0,
    direction: 'original',
    original: null,
    mark: 0,
    connmark: 0,
    length: 60,
    ttl: 64,
    fragment: false,
    mac: null,
  };
}

/** The link that has the address; the first that is not loopback where none is known to. */
function linkOf(host: Host, local: bigint): string {
  const own = host.addresses.known ? host.addresses.value.find(({ prefix }) => prefix.value === local)?.link : undefined;
  const first = host.links.known ? host.links.value.find(({ loopback }) => !loopback)?.name : undefined;
  return own ?? first ?? 'eth0';
}
