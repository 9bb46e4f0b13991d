import type { Address } from '../model/net/index.ts';
import { failed, ok, type Result } from '../result.ts';
import { errnoName, inNetworkNamespace, type Libc, libc, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_RAW } from './libc.ts';
import { NETLINK_HEADER } from './nfulnl.ts';

/** A TCP connection that is there, from who opened it to who took it. */
export interface OpenConnection {
  readonly from: Address;
  readonly fromPort: number;
  readonly to: Address;
  readonly toPort: number;
}

const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const NETLINK_NETFILTER = 12;
/** include/uapi/linux/netlink.h */
const NLMSG_ERROR = 2;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_EXCL = 0x200;
const NLM_F_CREATE = 0x400;
const NESTED = 0x8000;
/** include/uapi/linux/netfilter/nfnetlink_conntrack.h: NFNL_SUBSYS_CTNETLINK and its IPCTNL_MSG_CT_NEW, which is 0. */
const MESSAGE_NEW = 1 << 8;
const TCP = 6;
/** SEEN_REPLY, ASSURED and CONFIRMED (nf_conntrack_common.h), TCP_CONNTRACK_ESTABLISHED and IP_CT_TCP_FLAG_BE_LIBERAL (nf_conntrack_tcp.h). */
const status = 2 | 4 | 8;
const established = 3;
const liberal = 8;
/** Seconds for which an idle connection is remembered; the kernel's own nf_conntrack_tcp_timeout_established. */
const rememberedSeconds = 432_000;
const EEXIST = 17;

/**
 * Tells the kernel's connection tracking of TCP connections that were there before it was in use, as if it had seen them begin: their next
 * packet is ESTABLISHED, from whichever side it comes. What is known already stays as it is known. Nobody knows where in their windows these
 * connections are, so none of their packets is held to be out of it.
 *
 * Needs CAP_NET_ADMIN in the namespace, koffi, and a kernel with nf_conntrack_netlink.
 *
 * @param pid a process in the namespace; ours without it.
 */
export function trackConnections(connections: readonly OpenConnection[], pid?: number): Result<void> {
  if (connections.length === 0) return ok(undefined);
  const loaded = libc();
  if (!loaded.ok) return loaded;
  const calls = loaded.value;
  const opened = inNetworkNamespace(calls, pid, () => {
    const fd = calls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    return fd >= 0 ? ok(fd) : refused(errnoName(fd));
  });
  if (!opened.ok) return opened;
  try {
    for (const connection of connections) {
      const error = tell(calls, opened.value, connection);
      if (error !== 0 && error !== -EEXIST) return refused(errnoName(error));
    }
    return ok(undefined);
  } finally {
    calls.close(opened.value);
  }
}

/** 0, or what the kernel says against it. */
function tell(calls: Libc, fd: number, connection: OpenConnection): number {
  const request = messageOf(connection);
  const sent = calls.sendto(fd, request, request.length, 0, null);
  if (sent < 0) return sent;
  const reply = Buffer.alloc(4096);
  const length = calls.recv(fd, reply, MSG_DONTWAIT);
  if (length < 0) return length;
  return length >= NETLINK_HEADER + 4 && reply.readUInt16LE(4) === NLMSG_ERROR ? reply.readInt32LE(NETLINK_HEADER) : 0;
}

function messageOf({ from, fromPort, to, toPort }: OpenConnection): Buffer {
  const tuple = (kind: number, src: Address, sport: number, dst: Address, dport: number): Buffer => {
    const [srcKind, dstKind] = src.family === 4 ? [1, 2] : [3, 4];
    return nested(
      kind,
      nested(1, attribute(srcKind, bytesOf(src)), attribute(dstKind, bytesOf(dst))),
      nested(2, attribute(1, Buffer.of(TCP)), attribute(2, short(sport)), attribute(3, short(dport))),
    );
  };
  const flags = Buffer.of(liberal, liberal);
  const tcp = nested(1, attribute(1, Buffer.of(established)), attribute(4, flags), attribute(5, flags));
  const body = Buffer.concat([
    Buffer.of(from.family === 4 ? AF_INET : AF_INET6, 0, 0, 0),
    tuple(1, from, fromPort, to, toPort),
    tuple(2, to, toPort, from, fromPort),
    attribute(3, long(status)),
    nested(4, tcp),
    attribute(7, long(rememberedSeconds)),
  ]);
  const header = Buffer.alloc(NETLINK_HEADER);
  header.writeUInt32LE(NETLINK_HEADER + body.length, 0);
  header.writeUInt16LE(MESSAGE_NEW, 4);
  header.writeUInt16LE(NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, 6);
  return Buffer.concat([header, body]);
}

function nested(kind: number, ...attributes: readonly Buffer[]): Buffer {
  return attribute(kind | NESTED, Buffer.concat(attributes));
}

/** Length and kind in the machine's order, values in the network's; the next one begins at a multiple of four. */
function attribute(kind: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(kind, 2);
  value.copy(bytes, 4);
  return bytes;
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function bytesOf({ family, value }: Address): Buffer {
  return Buffer.from(value.toString(16).padStart(family === 4 ? 8 : 32, '0'), 'hex');
}

function refused(why: string): Result<never> {
  return failed({
    code: 'unread',
    message: `the kernel could not be told which connections there are (${why})`,
    hint: 'load nf_conntrack_netlink (modprobe nf_conntrack_netlink), and run palisade as root',
  });
}
