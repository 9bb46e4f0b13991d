import type { PacketJson } from './words.ts';

/** The tracer's form as it is typed: texts, of which empty ones are left to palisade's defaults. */
export interface Draft {
  readonly hook: PacketJson['hook'];
  readonly in: string;
  readonly out: string;
  readonly src: string;
  readonly dst: string;
  readonly proto: string;
  readonly sport: string;
  readonly dport: string;
  readonly icmpType: string;
  readonly icmpCode: string;
  readonly state: PacketJson['state'];
  readonly flags: readonly string[];
  readonly mark: string;
  readonly length: string;
  readonly ttl: string;
  readonly mac: string;
  /** What a given packet has and the form does not show: `status`, `direction`, `original`, `connmark`, `fragment`. */
  readonly rest: Partial<PacketJson>;
}

export const emptyDraft: Draft = {
  hook: 'input',
  in: '',
  out: '',
  src: '',
  dst: '',
  proto: 'tcp',
  sport: '',
  dport: '',
  icmpType: '',
  icmpCode: '',
  state: 'NEW',
  flags: ['SYN'],
  mark: '',
  length: '',
  ttl: '',
  mac: '',
  rest: {},
};

const portProtocols: ReadonlySet<string> = new Set(['tcp', 'udp', 'udplite', 'dccp', 'sctp', '6', '17', '33', '132', '136']);
const icmpProtocols: ReadonlySet<string> = new Set(['icmp', 'icmpv6', 'ipv6-icmp', '1', '58']);

export const hasPorts = (draft: Draft): boolean => portProtocols.has(draft.proto.trim().toLowerCase());
export const hasIcmp = (draft: Draft): boolean => icmpProtocols.has(draft.proto.trim().toLowerCase());
export const hasFlags = (draft: Draft): boolean => ['tcp', '6'].includes(draft.proto.trim().toLowerCase());

/** The form for a packet that a finding or the log tells of. */
export function draftOf(packet: Partial<PacketJson>): Draft {
  const text = (value: string | number | null | undefined): string =>
    value === null || value === undefined ? '' : String(value);
  const { hook, state, flags, status, direction, original, connmark, fragment } = packet;
  return {
    hook: hook ?? 'input',
    state: state ?? 'NEW',
    flags: flags ?? [],
    in: text(packet.in),
    out: text(packet.out),
    src: text(packet.src),
    dst: text(packet.dst),
    proto: text(packet.proto),
    sport: text(packet.sport),
    dport: text(packet.dport),
    icmpType: text(packet.icmpType),
    icmpCode: text(packet.icmpCode),
    mark: packet.mark === 0 ? '' : text(packet.mark),
    length: text(packet.length),
    ttl: text(packet.ttl),
    mac: text(packet.mac),
    rest: {
      ...(status === undefined ? {} : { status }),
      ...(direction === undefined ? {} : { direction }),
      ...(original === undefined ? {} : { original }),
      ...(connmark === undefined ? {} : { connmark }),
      ...(fragment === undefined ? {} : { fragment }),
    },
  };
}

/** The packet in JSON. Fields that its protocol does not have are left out, as are empty ones. */
export function packetOf(draft: Draft, ownAddress: string): Record<string, unknown> {
  const packet: Record<string, unknown> = { ...draft.rest, hook: draft.hook, state: draft.state, proto: draft.proto.trim() };
  const say = (field: 'in' | 'out' | 'src' | 'dst' | 'mac', wanted = true): void => {
    if (wanted && draft[field].trim() !== '') packet[field] = draft[field].trim();
  };
  const count = (field: 'sport' | 'dport' | 'icmpType' | 'icmpCode' | 'mark' | 'length' | 'ttl', wanted = true): void => {
    if (wanted && draft[field].trim() !== '') packet[field] = Number(draft[field]);
  };
  say('in', draft.hook !== 'output');
  say('out', draft.hook !== 'input');
  say('src');
  say('dst');
  if (draft.hook === 'input' && packet['dst'] === undefined && ownAddress !== '') packet['dst'] = ownAddress;
  count('sport', hasPorts(draft));
  count('dport', hasPorts(draft));
  count('icmpType', hasIcmp(draft));
  count('icmpCode', hasIcmp(draft));
  if (hasFlags(draft)) packet['flags'] = draft.flags;
  for (const field of ['mark', 'length', 'ttl'] as const) count(field);
  say('mac');
  return packet;
}

/** Fields that `palisade trace` has a flag for. */
const sayable: ReadonlySet<string> = new Set(
  'hook in out src dst proto sport dport icmpType icmpCode flags state mark length ttl mac'.split(' '),
);

/** The same question on the command line; `null` when it has no flag for a part of it. */
export function commandOf(packet: Readonly<Record<string, unknown>>): string | null {
  const flags: string[] = [];
  for (const [field, value] of Object.entries(packet)) {
    if (!sayable.has(field)) return null;
    const name = field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const text = field === 'flags' ? (value as readonly string[]).join(',') || 'NONE' : String(value);
    flags.push(`--${name} ${/^[\w.,:/+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`}`);
  }
  return `palisade trace ${flags.join(' ')}`;
}
