import { ruleAt } from '../audit/blame.ts';
import { type Judged, type JudgedFlow, judgeFlows } from '../audit/flows/index.ts';
import { type Connections, type Host, unknown } from '../model/host/index.ts';
import { type Family, formatAddress, formatProtocol } from '../model/net/index.ts';
import { packetToJson, type Tuple } from '../model/packet/index.ts';
import { ruleText } from '../model/ruleset/index.ts';
import type { ConnectionsJson } from './connections-shape.ts';
import { packet as packetShape } from './shapes.ts';

type ConnectionJson = ConnectionsJson['connections'][number];
type JudgedJson = ConnectionJson['now'][number];

/** Sessions are all that files say of connections. */
export function connectionsOfFiles({ sessions }: Host): Connections {
  return {
    sockets: sessions.known ? { known: true, value: sessions.value.map((session) => ({ proto: 'tcp', ...session })) } : sessions,
    tracked: unknown('files do not say which connections are tracked', 'run palisade on the host itself'),
  };
}

export function connectionsJson(host: Host, connections: Connections): ConnectionsJson {
  const { flows, unknown: missing } = judgeFlows(host, connections);
  const ranks: Readonly<Record<JudgedFlow['anew'], number>> = { no: 0, unknown: 1, depends: 2, yes: 3 };
  const known = connections.tracked.known;
  return {
    host: host.name,
    readAt: host.readAt / 1000,
    connections: flows.toSorted((a, b) => ranks[a.anew] - ranks[b.anew]).map((flow) => connectionJson(host, flow, known)),
    unknown: missing.map(({ what, why, remedy }) => ({ what, why, remedy })),
  };
}

function connectionJson(host: Host, { flow, first, now, anew, why }: JudgedFlow, trackingKnown: boolean): ConnectionJson {
  const { family, direction, tracked, onward } = flow;
  const isSame = (['src', 'dst', 'sport', 'dport'] as const).every((field) => flow.first[field] === onward[field]);
  const [peer, port] = direction === 'outbound' ? [onward.dst, onward.dport] : [flow.first.src, flow.first.sport];
  return {
    family,
    proto: formatProtocol(flow.proto),
    direction,
    peer: { address: formatAddress({ family, value: peer }), port },
    process: flow.process,
    tracked: tracked !== null ? true : trackingKnown ? false : null,
    state: tracked?.state ?? null,
    first: endsJson(family, flow.first),
    translated: isSame ? null : endsJson(family, onward),
    opens: first.map((one) => judgedJson(host, one)),
    now: now.map((one) => judgedJson(host, one)),
    anew,
    why,
  };
}

function endsJson(family: Family, { src, sport, dst, dport }: Tuple): ConnectionJson['first'] {
  return { src: formatAddress({ family, value: src }), sport, dst: formatAddress({ family, value: dst }), dport };
}

function judgedJson(host: Host, { packet, trace }: Judged): JudgedJson {
  const decidedBy = trace?.decidedBy ?? null;
  const ruleset = host.rulesets[packet.family];
  const rule = decidedBy === null ? null : ruleAt(host, decidedBy);
  return {
    packet: packetShape.parse(packetToJson(packet)),
    verdict: trace?.verdict ?? null,
    decidedBy,
    line: trace?.line ?? null,
    rule: rule !== null && ruleset.known ? ruleText(ruleset.value, rule) : null,
    dependsOn: [...(trace?.dependsOn ?? [])],
  };
}
