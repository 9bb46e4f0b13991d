import { isLocal } from '../../analysis/evaluate/addresstype.ts';
import { surroundingsOf } from '../../analysis/evaluate/surroundings.ts';
import {
  type Connections,
  type Host,
  isLoopback,
  type Listener,
  type OpenSocket,
  type TrackedConnection,
} from '../../model/host/index.ts';
import { type Address, type Family, TCP, UDP } from '../../model/net/index.ts';
import type { Tuple } from '../../model/packet/index.ts';

/** A connection that goes on, as far as sockets and connection tracking tell. */
export interface Flow {
  readonly family: Family;
  readonly proto: number;
  /** Who opened it: somebody elsewhere, this host, somebody through it, or this host to itself. */
  readonly direction: 'inbound' | 'outbound' | 'forwarded' | 'loopback';
  /** As its first packet had them, before any translation. */
  readonly first: Tuple;
  /** Where that packet went on to, and as whom; the same where nothing was translated. */
  readonly onward: Tuple;
  /** `null`: connection tracking does not know it. */
  readonly tracked: TrackedConnection | null;
  /** Tracking saw it first in its middle, from the other side than the one that opened it. */
  readonly turned: boolean;
  readonly process: string | null;
}

/** A flow of which it cannot be told who opened it. */
export interface Unplaced {
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
}

/** TCP has ended; what conntrack keeps is only memory. */
const over = new Set(['TIME_WAIT', 'CLOSE', 'LAST_ACK']);

/** Every flow once, those of sockets together with what is tracked of them. */
export function flowsOf(
  host: Host,
  { sockets, tracked }: Connections,
): { readonly flows: readonly Flow[]; readonly unplaced: readonly Unplaced[] } {
  const places = placesOf(host);
  const flows: Flow[] = [];
  const unplaced: Unplaced[] = [];
  const open = new Map<string, OpenSocket>();
  for (const socket of sockets.known ? sockets.value : [])
    open.set(keyOf(socketEnds(socket), socket.proto === 'tcp' ? TCP : UDP), socket);
  const seen = new Set<string>();
  for (const one of tracked.known ? tracked.value : []) {
    if (one.state !== null && over.has(one.state)) continue;
    const { family, proto, original, reply } = one;
    // A socket here has what the host itself sends as its own end: what comes back, or what was sent first.
    const answering = socketAt(open, family, proto, reply);
    const asking = socketAt(open, family, proto, original);
    for (const tuple of [reply, original]) seen.add(keyOf({ family, ...tuple }, proto));
    const [from, to] = [places.isOwn({ family, value: original.src }), places.isOwn({ family, value: reply.src })];
    if (from === null || to === null) {
      unplaced.push({ what: 'which connections are for this host', ...places.unknown });
      continue;
    }
    const direction = from && to ? 'loopback' : to ? 'inbound' : from ? 'outbound' : 'forwarded';
    const onward: Tuple = { src: reply.dst, dst: reply.src, sport: reply.dport, dport: reply.sport };
    const process = answering?.process ?? asking?.process ?? places.listener(family, proto, onward)?.process ?? null;
    const flow: Flow = { family, proto, direction, first: original, onward, tracked: one, turned: false, process };
    flows.push(settled(flow, places));
  }
  for (const socket of sockets.known ? sockets.value : []) {
    const proto = socket.proto === 'tcp' ? TCP : UDP;
    const ends = socketEnds(socket);
    if (seen.has(keyOf(ends, proto))) continue;
    const flow = untrackedFlow(socket, open, places);
    if (flow === null) unplaced.push({ what: 'who opened the connections that are not tracked', ...places.listenersUnknown });
    else if (flow !== 'other-side') flows.push(flow);
  }
  return { flows, unplaced: [...new Map(unplaced.map((one) => [one.what, one])).values()] };
}

interface Places {
  /** `null` when it cannot be told. */
  isOwn(address: Address): boolean | null;
  readonly unknown: { readonly why: string; readonly remedy: string };
  readonly listenersUnknown: { readonly why: string; readonly remedy: string };
  readonly listenersKnown: boolean;
  /** Who listens where the tuple leads to. */
  listener(family: Family, proto: number, to: Tuple): Listener | undefined;
}

function placesOf(host: Host): Places {
  const surroundings = surroundingsOf(host);
  const { addresses, listeners } = host;
  const none = { why: 'nothing tells', remedy: 'run palisade as root' };
  return {
    isOwn: (address) => (isLoopback(address) ? true : isLocal(address.family, address.value, surroundings)),
    unknown: addresses.known ? none : { why: addresses.why, remedy: addresses.remedy },
    listenersUnknown: listeners.known ? none : { why: listeners.why, remedy: listeners.remedy },
    listenersKnown: listeners.known,
    listener: (family, proto, { dst, dport }) =>
      (listeners.known ? listeners.value : []).find(
        (one) =>
          (one.proto === 'tcp' ? TCP : UDP) === proto &&
          one.port === dport &&
          one.families.includes(family) &&
          (one.address === null || (one.address.family === family && one.address.value === dst)),
      ),
  };
}

/**
 * What tracking saw first in its middle may be the wrong way round: of the two ends the one at which somebody listens did not
 * open it.
 */
function settled(flow: Flow, { listener, listenersKnown }: Places): Flow {
  const { family, proto, direction, first, onward, tracked } = flow;
  if (proto !== TCP || !listenersKnown || (direction !== 'inbound' && direction !== 'outbound')) return flow;
  const back: Tuple = { src: onward.dst, dst: onward.src, sport: onward.dport, dport: onward.sport };
  const there = listener(family, proto, onward);
  const here = listener(family, proto, back);
  const isTurned = direction === 'outbound' ? here !== undefined : there === undefined && tracked?.state === 'ESTABLISHED';
  const process = flow.process ?? (direction === 'outbound' ? here : undefined)?.process ?? null;
  if (!isTurned || first.src !== onward.src || first.dst !== onward.dst) return flow;
  return {
    ...flow,
    direction: direction === 'outbound' ? 'inbound' : 'outbound',
    first: back,
    onward: back,
    turned: true,
    process,
  };
}

function untrackedFlow(socket: OpenSocket, open: ReadonlyMap<string, OpenSocket>, places: Places): Flow | null | 'other-side' {
  const { local, peer, localPort, peerPort, process } = socket;
  const { family } = local;
  const proto = socket.proto === 'tcp' ? TCP : UDP;
  const sent: Tuple = { src: local.value, dst: peer.value, sport: localPort, dport: peerPort };
  const came: Tuple = { src: peer.value, dst: local.value, sport: peerPort, dport: localPort };
  if (!places.listenersKnown) return null;
  const isServer = places.listener(family, proto, came) !== undefined;
  const common = { family, proto, tracked: null, turned: false, process };
  const other = open.get(keyOf({ family, ...came }, proto));
  if (other !== undefined) {
    // Both ends are here: the server's side stands for both.
    if (!isServer && places.listener(family, proto, sent) !== undefined) return 'other-side';
    const seen = process ?? other.process;
    return { ...common, process: seen, direction: 'loopback', first: isServer ? came : sent, onward: isServer ? came : sent };
  }
  const tuple = isServer ? came : sent;
  return { ...common, direction: isServer ? 'inbound' : 'outbound', first: tuple, onward: tuple };
}

type Ends = Tuple & { readonly family: Family };

function socketEnds({ local, peer, localPort, peerPort }: OpenSocket): Ends {
  return { family: local.family, src: local.value, dst: peer.value, sport: localPort, dport: peerPort };
}

function keyOf({ family, src, dst, sport, dport }: Ends, proto: number): string {
  return `${family} ${proto} ${src} ${sport} ${dst} ${dport}`;
}

function socketAt(open: ReadonlyMap<string, OpenSocket>, family: Family, proto: number, tuple: Tuple): OpenSocket | undefined {
  return open.get(keyOf({ family, ...tuple }, proto));
}
