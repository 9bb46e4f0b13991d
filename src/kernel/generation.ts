import { failed, ok } from '../result.ts';
import { inNetworkNamespace, type Libc, libc, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_RAW } from './libc.ts';
import { NETLINK_HEADER } from './nfulnl.ts';

const AF_NETLINK = 16;
const NETLINK_NETFILTER = 12;
/** include/uapi/linux/netfilter/nf_tables.h: NFNL_SUBSYS_NFTABLES, its messages, NFTA_GEN_ID. */
const SUBSYSTEM_NFTABLES = 10;
const MESSAGE_NEWGEN = (SUBSYSTEM_NFTABLES << 8) | 15;
const MESSAGE_GETGEN = (SUBSYSTEM_NFTABLES << 8) | 16;
const NFTA_GEN_ID = 1;

/**
 * The number of the last change to nf_tables in a network namespace (net/netfilter/nf_tables_api.c, nf_tables_getgen):
 * one question, answered before the call returns, whatever the number of rules. It counts transactions of every table and
 * family, made by iptables-nft and nft alike, wraps at 2^32, and says nothing of counters, of ipsets, or of legacy rules.
 *
 * @param pid a process in the namespace; ours without it.
 * @returns `null` where it cannot be asked: no koffi, no CAP_NET_ADMIN over the namespace, no nf_tables.
 */
export function nftGeneration(pid: number | undefined): number | null {
  const loaded = libc();
  if (!loaded.ok) return null;
  const calls = loaded.value;
  const opened = inNetworkNamespace(calls, pid, () => {
    const fd = calls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    return fd >= 0 ? ok(fd) : failed<number>({ code: 'unread', message: 'netlink is out of reach', hint: 'run as root' });
  });
  if (!opened.ok) return null;
  try {
    return ask(calls, opened.value);
  } finally {
    calls.close(opened.value);
  }
}

function ask(calls: Libc, fd: number): number | null {
  const request = Buffer.alloc(NETLINK_HEADER + 4);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(MESSAGE_GETGEN, 4);
  // NLM_F_REQUEST
  request.writeUInt16LE(1, 6);
  if (calls.sendto(fd, request, request.length, 0, null) < 0) return null;
  const reply = Buffer.alloc(4096);
  const length = calls.recv(fd, reply, MSG_DONTWAIT);
  // Anything but a generation is an error that says why not.
  if (length < NETLINK_HEADER + 4 || reply.readUInt16LE(4) !== MESSAGE_NEWGEN) return null;
  for (let at = NETLINK_HEADER + 4; at + 8 <= length; ) {
    const size = reply.readUInt16LE(at);
    if (reply.readUInt16LE(at + 2) === NFTA_GEN_ID) return reply.readUInt32BE(at + 4);
    if (size < 4) return null;
    at += (size + 3) & ~3;
  }
  return null;
}
