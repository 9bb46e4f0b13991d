/** One packet as the kernel hands it over. What a packet does not have is `null`. */
export interface NflogPacket {
  /** Epoch milliseconds, fractions included; `null` if the kernel had not stamped the packet. */
  readonly at: number | null;
  /** The rule's `--nflog-prefix`, one character per byte. */
  readonly prefix: string;
  /** 4 or 6; `null` for another family (bridge, ARP). */
  readonly family: 4 | 6 | null;
  /** Netfilter's hook: 0 PREROUTING, 1 INPUT, 2 FORWARD, 3 OUTPUT, 4 POSTROUTING. */
  readonly hook: number;
  readonly in: string | null;
  readonly out: string | null;
  readonly mark: number;
  /** Source MAC of an Ethernet packet, 48 bits. */
  readonly hwSource: number | null;
  /** The user and group whose socket sent the packet; only on its way out. */
  readonly uid: number | null;
  readonly gid: number | null;
  /** Counts every packet of the group, those that were lost too. */
  readonly seq: number | null;
  /** The packet from its IP header on, as far as it was copied. */
  readonly payload: Uint8Array;
}

export const NETLINK_HEADER = 16;

/** include/uapi/linux/netfilter/nfnetlink_log.h. Attributes of a packet. */
const attributes = {
  packetHeader: 1,
  mark: 2,
  timestamp: 3,
  inIndex: 4,
  outIndex: 5,
  hardware: 8,
  payload: 9,
  prefix: 10,
  uid: 11,
  seq: 12,
  gid: 14,
} as const;

/** Where one packet stands in a message: the same object for each of them, so that a flood of packets makes none. */
export interface NflogSight {
  /** As {@link NflogPacket}, with numbers where that has `null`: `at` and `hwSource` NaN, `uid`, `gid` and `seq` -1, `family` and links 0. */
  family: 4 | 6 | 0;
  hook: number;
  at: number;
  mark: number;
  inIndex: number;
  outIndex: number;
  hwSource: number;
  uid: number;
  gid: number;
  seq: number;
  /** The message; good until whoever was handed it answers. */
  bytes: Uint8Array;
  prefixFrom: number;
  prefixTo: number;
  payloadFrom: number;
  payloadTo: number;
}

export function createSight(): NflogSight {
  return {
    family: 0,
    hook: 0,
    at: Number.NaN,
    mark: 0,
    inIndex: 0,
    outIndex: 0,
    hwSource: Number.NaN,
    uid: -1,
    gid: -1,
    seq: -1,
    bytes: new Uint8Array(0),
    prefixFrom: 0,
    prefixTo: 0,
    payloadFrom: 0,
    payloadTo: 0,
  };
}

const SUBSYSTEM_ULOG = 4;
const MESSAGE_PACKET = SUBSYSTEM_ULOG << 8;
const MESSAGE_CONFIG = (SUBSYSTEM_ULOG << 8) | 1;

/** How packets are handed over: at most so many in a message, held back at most so long. */
export interface NflogTogether {
  readonly most: number;
  readonly holdMs: number;
}

/** One request that binds a group and says how: copies of so many bytes, numbered, in batches. The kernel acknowledges it. */
export function nflogConfig(wanted: { readonly group: number; readonly copyBytes: number } & NflogTogether): Uint8Array {
  return config(wanted.group, true, (attribute) => {
    // NFULA_CFG_CMD: NFULNL_CFG_CMD_BIND
    const command = attribute(1, 1);
    command.bytes.writeUInt8(1, command.at);
    // NFULA_CFG_MODE: range and NFULNL_COPY_PACKET
    const mode = attribute(2, 6);
    mode.bytes.writeUInt32BE(wanted.copyBytes, mode.at);
    mode.bytes.writeUInt8(2, mode.at + 4);
    // NFULA_CFG_NLBUFSIZ: room for a batch
    const room = attribute(3, 4);
    room.bytes.writeUInt32BE(32 * 1024, room.at);
    together(wanted, attribute);
    // NFULA_CFG_FLAGS: NFULNL_CFG_F_SEQ
    const flags = attribute(6, 2);
    flags.bytes.writeUInt16BE(1, flags.at);
  });
}

/** One request that says anew how the packets of a bound group are handed over. It is not acknowledged: answers would stand among packets. */
export function nflogTogether(group: number, wanted: NflogTogether): Uint8Array {
  return config(group, false, (attribute) => together(wanted, attribute));
}

type Attribute = (type: number, length: number) => { readonly bytes: Buffer; readonly at: number };

function together(wanted: NflogTogether, attribute: Attribute): void {
  // NFULA_CFG_TIMEOUT, in hundredths of a second
  const timeout = attribute(4, 4);
  timeout.bytes.writeUInt32BE(Math.max(1, Math.round(wanted.holdMs / 10)), timeout.at);
  // NFULA_CFG_QTHRESH: packets in a batch
  const most = attribute(5, 4);
  most.bytes.writeUInt32BE(wanted.most, most.at);
}

function config(group: number, acknowledged: boolean, fill: (attribute: Attribute) => void): Uint8Array {
  const bytes = Buffer.alloc(128);
  let at = NETLINK_HEADER + 4;
  fill((type, length) => {
    bytes.writeUInt16LE(4 + length, at);
    bytes.writeUInt16LE(type, at + 2);
    const value = at + 4;
    at = value + ((length + 3) & ~3);
    return { bytes, at: value };
  });
  bytes.writeUInt32LE(at, 0);
  bytes.writeUInt16LE(MESSAGE_CONFIG, 4);
  // NLM_F_REQUEST, NLM_F_ACK
  bytes.writeUInt16LE(acknowledged ? 5 : 1, 6);
  // struct nfgenmsg: family 0, version 0, the group in network order.
  bytes.writeUInt16BE(group, NETLINK_HEADER + 2);
  return bytes.subarray(0, at);
}

/** The packets of what one receive brought, as values: netlink messages one behind the other, others than packets passed over. */
export function parseNflogMessage(bytes: Uint8Array, nameOf: (index: number) => string): NflogPacket[] {
  const packets: NflogPacket[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  sightPackets(bytes, view, bytes.length, createSight(), (sight) => packets.push(packetOf(sight, nameOf)));
  return packets;
}

/** Keeps one: a copy of all that it holds. */
export function packetOf(sight: NflogSight, nameOf: (index: number) => string): NflogPacket {
  const known = (value: number): number | null => (value < 0 || Number.isNaN(value) ? null : value);
  return {
    // What the kernel tells may be before 1970.
    at: Number.isNaN(sight.at) ? null : sight.at,
    prefix: latin1(sight.bytes, sight.prefixFrom, sight.prefixTo),
    family: sight.family === 0 ? null : sight.family,
    hook: sight.hook,
    in: sight.inIndex === 0 ? null : nameOf(sight.inIndex),
    out: sight.outIndex === 0 ? null : nameOf(sight.outIndex),
    mark: sight.mark,
    hwSource: known(sight.hwSource),
    uid: known(sight.uid),
    gid: known(sight.gid),
    seq: known(sight.seq),
    payload: Uint8Array.prototype.slice.call(sight.bytes, sight.payloadFrom, sight.payloadTo),
  };
}

/** Hands over the packets among the first `length` bytes, each in the same object. `view` is of the same bytes. */
export function sightPackets(
  bytes: Uint8Array,
  view: DataView,
  length: number,
  sight: NflogSight,
  take: (sight: NflogSight) => void,
): void {
  let at = 0;
  sight.bytes = bytes;
  while (at + NETLINK_HEADER + 4 <= length) {
    const size = view.getUint32(at, true);
    if (size < NETLINK_HEADER + 4 || at + size > length) break;
    if (view.getUint16(at + 4, true) === MESSAGE_PACKET) {
      see(sight, view, at + NETLINK_HEADER, at + size);
      take(sight);
    }
    at += (size + 3) & ~3;
  }
}

function see(sight: NflogSight, view: DataView, from: number, to: number): void {
  const family = view.getUint8(from);
  sight.family = family === 2 ? 4 : family === 10 ? 6 : 0;
  sight.hook = 0;
  sight.at = Number.NaN;
  sight.mark = 0;
  sight.inIndex = 0;
  sight.outIndex = 0;
  sight.hwSource = Number.NaN;
  sight.uid = -1;
  sight.gid = -1;
  sight.seq = -1;
  sight.prefixFrom = to;
  sight.prefixTo = to;
  sight.payloadFrom = to;
  sight.payloadTo = to;
  for (let at = from + 4; at + 4 <= to; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > to) break;
    // The two high bits are flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER).
    attribute(sight, view, view.getUint16(at + 2, true) & 0x3fff, at + 4, at + length);
    at += (length + 3) & ~3;
  }
}

/** One that is shorter than its type says nothing, wherever it comes from. */
function attribute(sight: NflogSight, view: DataView, type: number, from: number, to: number): void {
  const length = to - from;
  switch (type) {
    case attributes.payload:
      sight.payloadFrom = from;
      sight.payloadTo = to;
      break;
    case attributes.prefix:
      sight.prefixFrom = from;
      sight.prefixTo = from;
      // Up to the closing NUL.
      while (sight.prefixTo < to && view.getUint8(sight.prefixTo) !== 0) sight.prefixTo += 1;
      break;
    case attributes.timestamp:
      if (length >= 16) sight.at = wide(view, from) * 1000 + wide(view, from + 8) / 1000;
      break;
    case attributes.hardware:
      if (length >= 10 && view.getUint16(from) === 6)
        sight.hwSource = view.getUint16(from + 4) * 0x100000000 + view.getUint32(from + 6);
      break;
    case attributes.packetHeader:
      if (length >= 3) sight.hook = view.getUint8(from + 2);
      break;
    default:
      if (length >= 4) number(sight, type, view.getUint32(from));
  }
}

function number(sight: NflogSight, type: number, value: number): void {
  switch (type) {
    case attributes.mark:
      sight.mark = value;
      break;
    case attributes.inIndex:
      sight.inIndex = value;
      break;
    case attributes.outIndex:
      sight.outIndex = value;
      break;
    case attributes.uid:
      sight.uid = value;
      break;
    case attributes.gid:
      sight.gid = value;
      break;
    case attributes.seq:
      sight.seq = value;
      break;
    default:
      break;
  }
}

/** 64 bits, without the objects that big integers are. */
function wide(view: DataView, at: number): number {
  return view.getUint32(at) * 0x100000000 + view.getUint32(at + 4);
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let index = from; index < to; index += 1) text += String.fromCharCode(bytes[index] as number);
  return text;
}
