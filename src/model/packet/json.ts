import { failed, ok, type Problem, type Result } from '../../result.ts';
import { type Family, formatAddress, formatProtocol, parseAddress, parseProtocol } from '../net/index.ts';
import { ICMP, ICMPV6, TCP } from '../net/protocol.ts';
import {
  ctStatus,
  type Hook,
  kernelUid,
  type Packet,
  type PacketType,
  packetTypes,
  type State,
  states,
  type Tuple,
  tcpFlags,
} from './packet.ts';

/** A packet as files and the API say it: addresses and protocols as text. */
export interface PacketJson {
  readonly hook: Hook;
  readonly in?: string | null;
  readonly out?: string | null;
  readonly src: string;
  readonly dst: string;
  readonly proto: string;
  readonly sport?: number | null;
  readonly dport?: number | null;
  readonly icmpType?: number | null;
  readonly icmpCode?: number | null;
  readonly flags?: readonly string[];
  readonly state?: State;
  readonly status?: readonly string[];
  readonly direction?: 'original' | 'reply';
  readonly original?: { src: string; dst: string; sport?: number | null; dport?: number | null } | null;
  readonly mark?: number;
  readonly connmark?: number;
  readonly length?: number;
  readonly ttl?: number;
  readonly fragment?: boolean;
  readonly mac?: string | null;
  readonly tos?: number;
  readonly pktType?: PacketType;
  /** `null`: no socket sends it; 4294967295: one of the kernel's own. */
  readonly uid?: number | null;
  readonly gid?: number | null;
}

/** What stands for interfaces that a packet leaves out. */
export interface PacketDefaults {
  /** Link for `in`, and for `out` on forward and output; `null` leaves it unsaid. */
  readonly link: string | null;
}

/** Protocols whose header begins with two ports (net/netfilter/xt_multiport.c). */
const portProtocols = new Set([6, 17, 33, 132, 136]);

const fields = new Set(
  'hook in out src dst proto sport dport icmpType icmpCode flags state status direction original mark connmark length ttl fragment mac tos pktType uid gid'.split(
    ' ',
  ),
);

/** A key for a message: on one line, cut when it is long. */
function shownKey(key: string): string {
  return JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key);
}

/** Reads one packet and fills what it leaves out: sport 40000, SYN, echo-request, NEW, mark 0, length 60, ttl 64. */
export function packetFromJson(value: unknown, defaults: PacketDefaults): Result<Packet> {
  const wrong: Problem[] = [];
  const say = (field: string, hint: string): void => {
    wrong.push({ code: 'packet-invalid', message: `the packet's ${field} cannot be read`, hint });
  };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return failed({
      code: 'packet-invalid',
      message: 'this is not a packet',
      hint: 'write one JSON object such as {"hook":"input","src":"203.0.113.9","dst":"198.51.100.1","proto":"tcp","dport":22}',
    });
  }
  const json = value as Record<string, unknown>;
  for (const key of Object.keys(json))
    if (!fields.has(key)) say(`field ${shownKey(key)}`, `leave it out; a packet has ${[...fields].join(', ')}`);
  const hook = json['hook'];
  if (hook !== 'input' && hook !== 'forward' && hook !== 'output') say('hook', 'write input, forward or output');
  const src = address(json['src']);
  const dst = address(json['dst']);
  if (src === undefined) say('src', 'write an address such as "203.0.113.9"');
  if (dst === undefined) say('dst', 'write an address such as "198.51.100.1"');
  if (src !== undefined && dst !== undefined && src.family !== dst.family) say('dst', 'write both addresses of one family');
  const family: Family = src?.family ?? 4;
  const protoText = json['proto'];
  const named = typeof protoText === 'string' ? protoText : typeof protoText === 'number' ? String(protoText) : '';
  const number = parseProtocol(named);
  // `icmp` said of an IPv6 packet is ICMPv6: nobody means protocol 1 there.
  const proto = number === ICMP && family === 6 && named === 'icmp' ? ICMPV6 : number;
  if (proto === undefined) say('proto', 'write a protocol such as "tcp", or its number as text');

  const integer = (field: string, max: number, fallback: number | null): number | null => {
    const given = json[field];
    if (given === undefined) return fallback;
    if (given === null) return fallback === null ? null : fallback;
    if (typeof given === 'number' && Number.isInteger(given) && given >= 0 && given <= max) return given;
    say(field, `write a whole number from 0 to ${max}`);
    return null;
  };
  const fragment = json['fragment'] === undefined ? false : json['fragment'];
  if (typeof fragment !== 'boolean') say('fragment', 'write true or false');
  const hasPorts = proto !== undefined && portProtocols.has(proto) && fragment !== true;
  const isIcmp = (proto === ICMP && family === 4) || (proto === ICMPV6 && family === 6);
  const link = (field: 'in' | 'out', wanted: boolean): string | null => {
    const given = json[field];
    if (given === undefined || given === null) return wanted ? defaults.link : null;
    if (typeof given === 'string' && given !== '') return given;
    say(field, 'write an interface name such as "eth0"');
    return null;
  };
  const packet: Packet = {
    family,
    hook: hook as Hook,
    in: link('in', hook === 'input' || hook === 'forward'),
    out: link('out', hook === 'forward' || hook === 'output'),
    src: src?.value ?? 0n,
    dst: dst?.value ?? 0n,
    proto: proto ?? 0,
    sport: hasPorts ? integer('sport', 65535, 40000) : null,
    dport: hasPorts ? integer('dport', 65535, null) : null,
    icmpType: isIcmp && fragment !== true ? integer('icmpType', 255, family === 4 ? 8 : 128) : null,
    icmpCode: isIcmp && fragment !== true ? integer('icmpCode', 255, 0) : null,
    flags: proto === TCP && fragment !== true ? bits('flags', tcpFlags, tcpFlags.SYN) : 0,
    state: state(),
    status: bits('status', ctStatus, 0),
    direction: direction(),
    original: tuple(),
    mark: integer('mark', 0xffffffff, 0) ?? 0,
    connmark: integer('connmark', 0xffffffff, 0) ?? 0,
    length: integer('length', 65535, 60) ?? 60,
    ttl: integer('ttl', 255, 64) ?? 64,
    fragment: fragment === true,
    mac: mac(),
    ...seldomSaid(),
  };
  if (hasPorts && packet.dport === null && wrong.length === 0) say('dport', 'say which port the packet goes to');
  return wrong.length > 0 ? failed(...wrong) : ok(packet);

  function seldomSaid(): Pick<Packet, 'tos' | 'pktType' | 'uid' | 'gid'> {
    const tos = integer('tos', 255, null);
    const given = json['pktType'];
    const pktType = packetTypes.find((name) => name === given);
    if (given !== undefined && pktType === undefined) say('pktType', `write one of ${packetTypes.join(', ')}`);
    if (hook !== 'output' && (isSaid('uid') || isSaid('gid')))
      say('uid', 'leave uid and gid out: only what the host sends has them');
    const uid = json['uid'] === null ? null : integer('uid', kernelUid, null);
    const gid = json['gid'] === null ? null : integer('gid', kernelUid - 1, null);
    const hasUser = uid !== null && uid !== kernelUid;
    if (isSaid('uid') && isSaid('gid') && hasUser !== (gid !== null))
      say('gid', 'say both of a program’s socket, and null of any other');
    return {
      ...(tos === null ? {} : { tos }),
      ...(pktType === undefined ? {} : { pktType }),
      ...(isSaid('uid') ? { uid } : {}),
      // Nobody but a program has a group.
      ...(isSaid('gid') ? { gid } : isSaid('uid') && !hasUser ? { gid: null } : {}),
    };
  }

  function isSaid(field: string): boolean {
    return json[field] !== undefined;
  }

  function bits(field: string, table: Readonly<Record<string, number>>, fallback: number): number {
    const given = json[field];
    if (given === undefined || given === null) return fallback;
    if (!Array.isArray(given)) {
      say(field, `write a list of ${Object.keys(table).join(', ')}`);
      return 0;
    }
    const known = given.map((name: unknown) =>
      typeof name === 'string' && Object.hasOwn(table, name.toUpperCase()) ? table[name.toUpperCase()] : undefined,
    );
    if (known.includes(undefined)) say(field, `write a list of ${Object.keys(table).join(', ')}`);
    return known.reduce((sum: number, bit) => sum | (bit ?? 0), 0);
  }

  function state(): State {
    const given = json['state'];
    if (given === undefined) return 'NEW';
    const upper = typeof given === 'string' ? given.toUpperCase() : '';
    const found = states.find((name) => name === upper);
    if (found === undefined) say('state', `write one of ${states.join(', ')}`);
    return found ?? 'NEW';
  }

  function direction(): Packet['direction'] {
    const given = json['direction'] ?? 'original';
    if (given === 'original' || given === 'reply') return given;
    say('direction', 'write original or reply');
    return 'original';
  }

  function tuple(): Tuple | null {
    const given = json['original'];
    if (given === undefined || given === null) return null;
    const of = given as Record<string, unknown>;
    const from = address(of['src']);
    const to = address(of['dst']);
    if (typeof given !== 'object' || from === undefined || to === undefined || from.family !== family || to.family !== family) {
      say('original', 'write {"src":…,"dst":…,"sport":…,"dport":…} as before any translation');
      return null;
    }
    const port = (name: string): number | null => {
      const number = of[name] ?? null;
      if (number === null || (typeof number === 'number' && isPort(number))) return number;
      say('original', `write its ${name} as a whole number from 0 to 65535`);
      return null;
    };
    return { src: from.value, dst: to.value, sport: port('sport'), dport: port('dport') };
  }

  function mac(): number | null {
    const given = json['mac'];
    if (given === undefined || given === null) return null;
    if (typeof given === 'string' && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(given))
      return Number.parseInt(given.replaceAll(':', ''), 16);
    say('mac', 'write six pairs of hex digits such as "02:00:5e:00:53:01"');
    return null;
  }
}

/** The packet with every field that it has, in the order of the documentation. */
export function packetToJson(packet: Packet): PacketJson {
  const text = (value: bigint): string => formatAddress({ family: packet.family, value });
  const names = (table: Readonly<Record<string, number>>, value: number): string[] =>
    Object.entries(table).flatMap(([name, bit]) => ((value & bit) !== 0 ? [name] : []));
  return {
    hook: packet.hook,
    in: packet.in,
    out: packet.out,
    src: text(packet.src),
    dst: text(packet.dst),
    proto: formatProtocol(packet.proto),
    sport: packet.sport,
    dport: packet.dport,
    icmpType: packet.icmpType,
    icmpCode: packet.icmpCode,
    ...(packet.proto === TCP ? { flags: names(tcpFlags, packet.flags) } : {}),
    state: packet.state,
    ...(packet.status === 0 ? {} : { status: names(ctStatus, packet.status) }),
    ...(packet.direction === 'original' ? {} : { direction: packet.direction }),
    ...(packet.original === null
      ? {}
      : { original: { ...packet.original, src: text(packet.original.src), dst: text(packet.original.dst) } }),
    mark: packet.mark,
    ...(packet.connmark === 0 ? {} : { connmark: packet.connmark }),
    length: packet.length,
    ttl: packet.ttl,
    ...(packet.fragment ? { fragment: true } : {}),
    ...(packet.mac === null
      ? {}
      : {
          mac: packet.mac
            .toString(16)
            .padStart(12, '0')
            .replace(/(..)(?!$)/g, '$1:'),
        }),
    ...(packet.tos === undefined ? {} : { tos: packet.tos }),
    ...(packet.pktType === undefined ? {} : { pktType: packet.pktType }),
    ...(packet.uid === undefined ? {} : { uid: packet.uid }),
    ...(packet.gid === undefined ? {} : { gid: packet.gid }),
  };
}

function isPort(number: number): boolean {
  return Number.isInteger(number) && number >= 0 && number <= 65535;
}

function address(value: unknown): ReturnType<typeof parseAddress> {
  return typeof value === 'string' ? parseAddress(value) : undefined;
}
