import type { Address, Family } from '../../model/net/index.ts';
import type { LoggedPacket } from './event.ts';
import { Names } from './names.ts';

/** What an event is. */
export const eventKinds = {
  /** A packet that the kernel logged. */
  packet: 0,
  /** sshd turned somebody away who had not logged in. `src` and `sport` are whose; `prefix` is the daemon's name. */
  failedLogin: 1,
  /** sshd let somebody in. */
  acceptedLogin: 2,
} as const;

/** In columns of small signed numbers: the event does not have it. */
export const absent = -1;

/**
 * Events as columns: one row an event, no object for any. A batch is filled, handed on, read, and filled anew: whoever wants to keep
 * something of it copies it. `length` rows hold events; whoever fills one writes the columns at `length` and then adds one to it.
 *
 * Addresses are four 32-bit words in network order, at `4 * row`; of IPv4 the last word alone, the others 0.
 */
export class Batch {
  readonly capacity: number;
  length = 0;
  /** Nobody without rights over this machine could have written these events: the kernel's own, or sshd's by journald's trusted fields. */
  trusted = false;
  readonly kind: Uint8Array;
  readonly family: Uint8Array;
  /** Epoch milliseconds. */
  readonly at: Float64Array;
  readonly src: Uint32Array;
  readonly dst: Uint32Array;
  /** IP protocol number. */
  readonly proto: Int16Array;
  readonly sport: Int32Array;
  readonly dport: Int32Array;
  readonly icmpType: Int16Array;
  readonly icmpCode: Int16Array;
  /** Bits of TCP's flags as on the wire: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32. */
  readonly flags: Int16Array;
  /** Bytes, of the whole IP packet. */
  readonly size: Int32Array;
  readonly ttl: Int16Array;
  readonly mark: Uint32Array;
  /** Numbers of {@link Batch.names}; 0 is the empty text: no prefix, no link. */
  readonly prefix: Uint16Array;
  readonly in: Uint16Array;
  readonly out: Uint16Array;
  /** Where the event's own text stands in `text`: the evidence. Length 0 where there is none (NFLOG). */
  readonly textFrom: Uint32Array;
  readonly textLength: Uint32Array;
  text: Uint8Array = new Uint8Array(0);
  readonly names: Names;

  constructor(capacity = 4096, names = new Names()) {
    this.capacity = capacity;
    this.names = names;
    this.kind = new Uint8Array(capacity);
    this.family = new Uint8Array(capacity);
    this.at = new Float64Array(capacity);
    this.src = new Uint32Array(4 * capacity);
    this.dst = new Uint32Array(4 * capacity);
    this.proto = new Int16Array(capacity);
    this.sport = new Int32Array(capacity);
    this.dport = new Int32Array(capacity);
    this.icmpType = new Int16Array(capacity);
    this.icmpCode = new Int16Array(capacity);
    this.flags = new Int16Array(capacity);
    this.size = new Int32Array(capacity);
    this.ttl = new Int16Array(capacity);
    this.mark = new Uint32Array(capacity);
    this.prefix = new Uint16Array(capacity);
    this.in = new Uint16Array(capacity);
    this.out = new Uint16Array(capacity);
    this.textFrom = new Uint32Array(capacity);
    this.textLength = new Uint32Array(capacity);
  }

  clear(): void {
    this.length = 0;
  }

  isFull(): boolean {
    return this.length === this.capacity;
  }
}

/** The address in four words at `at`. */
export function addressAt(words: Uint32Array, at: number, family: Family): Address {
  const last = words[at + 3] as number;
  if (family === 4) return { family, value: BigInt(last) };
  const [first, second, third] = [words[at] as number, words[at + 1] as number, words[at + 2] as number];
  return { family, value: (BigInt(first) << 96n) | (BigInt(second) << 64n) | (BigInt(third) << 32n) | BigInt(last) };
}

/** Writes an address as four words at `at`. */
export function putAddress(words: Uint32Array, at: number, address: Address): void {
  const { value } = address;
  words[at] = Number((value >> 96n) & 0xffffffffn);
  words[at + 1] = Number((value >> 64n) & 0xffffffffn);
  words[at + 2] = Number((value >> 32n) & 0xffffffffn);
  words[at + 3] = Number(value & 0xffffffffn);
}

/** One row as an object, for whoever shows it. */
export function packetAt(batch: Batch, row: number): LoggedPacket {
  const family = batch.family[row] as Family;
  const optional = (value: number | undefined): number | null => (value === undefined || value === absent ? null : value);
  const link = (name: number): string | null => (name === 0 ? null : batch.names.text(name));
  return {
    at: batch.at[row] as number,
    prefix: batch.names.text(batch.prefix[row] as number).trimEnd(),
    in: link(batch.in[row] as number),
    out: link(batch.out[row] as number),
    src: addressAt(batch.src, 4 * row, family),
    dst: addressAt(batch.dst, 4 * row, family),
    proto: optional(batch.proto[row]),
    sport: optional(batch.sport[row]),
    dport: optional(batch.dport[row]),
    icmpType: optional(batch.icmpType[row]),
    icmpCode: optional(batch.icmpCode[row]),
    flags: optional(batch.flags[row]),
    length: optional(batch.size[row]),
    ttl: optional(batch.ttl[row]),
    mark: batch.mark[row] as number,
  };
}
