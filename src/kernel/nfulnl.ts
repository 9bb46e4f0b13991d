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

/** Bytes of an attribute's value that are read; texts and payloads may be empty. */
const shortest: ReadonlyMap<number, number> = new Map([
  [attributes.packetHeader, 3],
  [attributes.timestamp, 16],
  [attributes.hardware, 10],
  ...[attributes.mark, attributes.inIndex, attributes.outIndex, attributes.uid, attributes.gid, attributes.seq].map(
    (type): [number, number] => [type, 4],
  ),
]);

const SUBSYSTEM_ULOG = 4;
const MESSAGE_PACKET = SUBSYSTEM_ULOG << 8;
const MESSAGE_CONFIG = (SUBSYSTEM_ULOG << 8) | 1;

/** One request that binds a group and says how: copies of so many bytes, numbered, in batches. The kernel acknowledges it. */
export function nflogConfig(wanted: { readonly group: number; readonly copyBytes: number; readonly holdMs: number }): Uint8Array {
  const bytes = Buffer.alloc(NETLINK_HEADER + 4 + 8 + 12 + 8 + 8 + 8 + 8);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(MESSAGE_CONFIG, 4);
  // NLM_F_REQUEST | NLM_F_ACK
  bytes.writeUInt16LE(5, 6);
  // struct nfgenmsg: family 0, version 0, the group in network order.
  bytes.writeUInt16BE(wanted.group, NETLINK_HEADER + 2);
  let at = NETLINK_HEADER + 4;
  const attribute = (type: number, length: number): number => {
    bytes.writeUInt16LE(4 + length, at);
    bytes.writeUInt16LE(type, at + 2);
    const value = at + 4;
    at = value + ((length + 3) & ~3);
    return value;
  };
  // NFULA_CFG_CMD: NFULNL_CFG_CMD_BIND
  bytes.writeUInt8(1, attribute(1, 1));
  // NFULA_CFG_MODE: range and NFULNL_COPY_PACKET
  const mode = attribute(2, 6);
  bytes.writeUInt32BE(wanted.copyBytes, mode);
  bytes.writeUInt8(2, mode + 4);
  // NFULA_CFG_NLBUFSIZ: room for a batch
  bytes.writeUInt32BE(32 * 1024, attribute(3, 4));
  // NFULA_CFG_TIMEOUT, in hundredths of a second
  bytes.writeUInt32BE(Math.max(1, Math.round(wanted.holdMs / 10)), attribute(4, 4));
  // NFULA_CFG_QTHRESH: packets in a batch
  bytes.writeUInt32BE(200, attribute(5, 4));
  // NFULA_CFG_FLAGS: NFULNL_CFG_F_SEQ
  bytes.writeUInt16BE(1, attribute(6, 2));
  return bytes;
}

/** The packets of what one receive brought: netlink messages one behind the other, others than packets passed over. */
export function parseNflogMessage(bytes: Uint8Array, nameOf: (index: number) => string): NflogPacket[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packets: NflogPacket[] = [];
  let at = 0;
  while (at + NETLINK_HEADER + 4 <= bytes.length) {
    const length = view.getUint32(at, true);
    if (length < NETLINK_HEADER + 4 || at + length > bytes.length) break;
    if (view.getUint16(at + 4, true) === MESSAGE_PACKET)
      packets.push(packet(bytes, view, at + NETLINK_HEADER, at + length, nameOf));
    at += (length + 3) & ~3;
  }
  return packets;
}

function packet(bytes: Uint8Array, view: DataView, from: number, to: number, nameOf: (index: number) => string): NflogPacket {
  const family = view.getUint8(from);
  let stamp: number | null = null;
  let prefix = '';
  let hook = 0;
  let inIndex = 0;
  let outIndex = 0;
  let mark = 0;
  let hwSource: number | null = null;
  let uid: number | null = null;
  let gid: number | null = null;
  let seq: number | null = null;
  let payload: Uint8Array = bytes.subarray(to, to);
  for (let at = from + 4; at + 4 <= to; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > to) break;
    const value = at + 4;
    // The two high bits are flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER).
    const type = view.getUint16(at + 2, true) & 0x3fff;
    // One that is shorter than its type says nothing, wherever it comes from.
    const whole = length - 4 >= (shortest.get(type) ?? 0);
    switch (whole ? type : 0) {
      case attributes.packetHeader:
        hook = view.getUint8(value + 2);
        break;
      case attributes.mark:
        mark = view.getUint32(value);
        break;
      case attributes.timestamp:
        stamp = Number(view.getBigUint64(value)) * 1000 + Number(view.getBigUint64(value + 8)) / 1000;
        break;
      case attributes.inIndex:
        inIndex = view.getUint32(value);
        break;
      case attributes.outIndex:
        outIndex = view.getUint32(value);
        break;
      case attributes.hardware:
        if (view.getUint16(value) === 6) hwSource = view.getUint16(value + 4) * 0x100000000 + view.getUint32(value + 6);
        break;
      case attributes.payload:
        payload = bytes.subarray(value, at + length);
        break;
      case attributes.prefix:
        prefix = latin1(bytes, value, at + length);
        break;
      case attributes.uid:
        uid = view.getUint32(value);
        break;
      case attributes.gid:
        gid = view.getUint32(value);
        break;
      case attributes.seq:
        seq = view.getUint32(value);
        break;
      default:
        break;
    }
    at += (length + 3) & ~3;
  }
  return {
    at: stamp,
    prefix,
    family: family === 2 ? 4 : family === 10 ? 6 : null,
    hook,
    in: inIndex === 0 ? null : nameOf(inIndex),
    out: outIndex === 0 ? null : nameOf(outIndex),
    mark,
    hwSource,
    uid,
    gid,
    seq,
    payload,
  };
}

/** The bytes up to the closing NUL. */
function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let index = from; index < to && bytes[index] !== 0; index += 1) text += String.fromCharCode(bytes[index] as number);
  return text;
}
