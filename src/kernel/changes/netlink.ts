import { failed, ok, type Result } from '../../result.ts';
import { errnoName, failedWith, inNetworkNamespace, int, type Libc, MSG_DONTWAIT, SOCK_CLOEXEC, SOL_SOCKET } from '../libc.ts';
import { NETLINK_HEADER } from '../nfulnl.ts';

const AF_NETLINK = 16;
const SOL_NETLINK = 270;
/** include/uapi/linux/netlink.h */
const NETLINK_ADD_MEMBERSHIP = 1;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
export const NLM_F_REQUEST = 1;
export const NLM_F_DUMP = 0x300;
export const NETLINK_NETFILTER = 12;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const NESTED = 0x8000;
/** The kernel fills at most 32 KiB of a dump, or of a transaction's notices, at a time. */
export const RECEIVE = 64 * 1024;

/**
 * A netlink socket in the network namespace of `pid` (ours without it), which stays there for good; member of a multicast group if one is
 * named. Numbers in netlink's own headers are in the machine's order: little-endian on x86-64 and arm64, which are all that we run on.
 */
export function openNetlink(
  calls: Libc,
  request: {
    readonly protocol: number;
    readonly type: number;
    readonly pid: number | undefined;
    /** What it is for, as the subject of a sentence that ends in "cannot be read". */
    readonly what: string;
    readonly group?: number;
    /** Room for what is not read yet. Without CAP_NET_ADMIN on the host, net.core.rmem_max bounds it. */
    readonly receiveBufferBytes?: number;
  },
): Result<number> {
  return inNetworkNamespace(calls, request.pid, () => {
    const fd = calls.socket(AF_NETLINK, request.type | SOCK_CLOEXEC, request.protocol);
    if (fd < 0) return refused(request.what, errnoName(fd));
    const room = int(request.receiveBufferBytes ?? 0);
    if (request.receiveBufferBytes !== undefined && calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, room) < 0)
      calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, room);
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK, 0);
    const bound = calls.bind(fd, address);
    const joined =
      bound < 0 || request.group === undefined
        ? bound
        : calls.setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, int(request.group));
    if (joined >= 0) return ok(fd);
    calls.close(fd);
    return refused(request.what, errnoName(joined));
  });
}

function refused(what: string, why: string): Result<never> {
  const rights = why === 'EPERM';
  return failed({
    code: 'unread',
    message: `${what} cannot be read (${why})`,
    hint: rights ? 'run as root, or inside `unshare -rn`' : 'check that the kernel has netlink, nf_tables and ipset',
  });
}

/** One request: header, `struct nfgenmsg` for the family, attributes. */
export function netfilterRequest(type: number, flags: number, family: number, attributes: readonly Buffer[] = []): Buffer {
  const body = Buffer.concat([Buffer.of(family, 0, 0, 0), ...attributes]);
  const header = Buffer.alloc(NETLINK_HEADER);
  header.writeUInt32LE(NETLINK_HEADER + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(NLM_F_REQUEST | flags, 6);
  return Buffer.concat([header, body]);
}

export function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}

/** Calls `take` with each attribute between the two places: its type without flags, and where its value begins and ends. */
export function eachAttribute(
  bytes: Buffer,
  from: number,
  to: number,
  take: (type: number, from: number, to: number) => void,
): void {
  for (let at = from; at + 4 <= to; ) {
    const size = bytes.readUInt16LE(at);
    if (size < 4 || at + size > to) return;
    take(bytes.readUInt16LE(at + 2) & ~(NESTED | 0x4000), at + 4, at + size);
    at += (size + 3) & ~3;
  }
}

/** Calls `take` with each message of what one receive brought: its type, flags, and where what follows the header begins and ends. */
export function eachMessage(
  bytes: Buffer,
  length: number,
  take: (type: number, flags: number, from: number, to: number) => void,
): void {
  for (let at = 0; at + NETLINK_HEADER <= length; ) {
    const size = bytes.readUInt32LE(at);
    if (size < NETLINK_HEADER || at + size > length) return;
    take(bytes.readUInt16LE(at + 4), bytes.readUInt16LE(at + 6), at + NETLINK_HEADER, at + size);
    at += (size + 3) & ~3;
  }
}

/** A text of the kernel's, without the NUL at its end. */
export function textAt(bytes: Buffer, from: number, to: number): string {
  const end = bytes.indexOf(0, from);
  return bytes.toString('latin1', from, end < 0 || end > to ? to : end);
}

/**
 * Asks, and hands over each receive until the dump is complete, all without giving up the thread: the kernel answers as we read, and
 * ipset holds a set (it can be neither swapped nor destroyed) until its dump is read to the end.
 *
 * @returns 0, or the negated errno that the kernel answered.
 */
export function dump(calls: Libc, fd: number, request: Buffer, into: Buffer, take: (length: number) => void): number {
  const sent = calls.sendto(fd, request, request.length, 0, null);
  if (sent < 0) return sent;
  for (;;) {
    const length = calls.recv(fd, into, MSG_DONTWAIT);
    if (failedWith(length, 'EINTR')) continue;
    if (length < 0) return length;
    const end = endOf(into, length);
    take(length);
    if (end !== null) return end;
  }
}

/** Whether a dump ends with what one receive brought: 0, or the negated errno; `null`: it goes on. */
export function endOf(bytes: Buffer, length: number): number | null {
  let end: number | null = null;
  eachMessage(bytes, length, (type, _flags, from, to) => {
    if (type === NLMSG_ERROR || type === NLMSG_DONE) end = to - from >= 4 ? Math.min(0, bytes.readInt32LE(from)) : 0;
  });
  return end;
}
