import { failed, ok, type Result } from '../result.ts';
import {
  errnoName,
  failedWith,
  inNetworkNamespace,
  int,
  libc,
  MSG_DONTWAIT,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_SOCKET,
} from './libc.ts';

/** One message of nftables' tracing: a rule that matched, a chain that was left, or a policy. */
export interface NftStep {
  /** netfilter's protocol family of the table: 2 IPv4, 10 IPv6, 1 both. */
  readonly family: number;
  readonly table: string;
  readonly chain: string;
  readonly kind: 'rule' | 'return' | 'policy';
  /** Of the rule, unique in its table; 0 without one. */
  readonly handle: number;
  /** Joins the messages of one packet; packets may share one, so a message with a header begins anew. */
  readonly trace: number;
  /** From the IP header on: at most 40 bytes of it and 20 of the transport. `null` but in a base chain's first message. */
  readonly header: Uint8Array | null;
}

export interface NftTrace extends Disposable {
  /** What is there now, without waiting. */
  read(): NftStep[];
  /** Messages that the kernel could not hand over. */
  lost(): number;
}

const AF_NETLINK = 16;
const NETLINK_NETFILTER = 12;
const SOL_NETLINK = 270;
const ADD_MEMBERSHIP = 1;
const NO_ENOBUFS = 5;
const GROUP_NFTRACE = 9;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SO_MEMINFO = 55;
/** NFNL_SUBSYS_NFTABLES and NFT_MSG_TRACE (include/uapi/linux/netfilter/nf_tables.h). */
const MESSAGE_TRACE = (10 << 8) | 17;
const bufferBytes = 64 * 1024 * 1024;
const readsAtOnce = 4096;

/** Listens to the tracing of packets that some rule has marked with `meta nftrace set 1`. Needs CAP_NET_ADMIN in the namespace. */
export function openNftTrace(namespacePid: number | undefined): Result<NftTrace> {
  const loaded = libc();
  if (!loaded.ok) return loaded;
  const calls = loaded.value;
  const opened = inNetworkNamespace(calls, namespacePid, () => {
    const fd = calls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    return fd >= 0 ? ok(fd) : failed<number>(refused(errnoName(fd)));
  });
  if (!opened.ok) return opened;
  const fd = opened.value;
  const local = Buffer.alloc(12);
  local.writeUInt16LE(AF_NETLINK, 0);
  if (calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, int(bufferBytes)) < 0)
    calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, int(bufferBytes));
  const answers = [
    calls.setsockopt(fd, SOL_NETLINK, NO_ENOBUFS, int(1)),
    calls.bind(fd, local),
    calls.setsockopt(fd, SOL_NETLINK, ADD_MEMBERSHIP, int(GROUP_NFTRACE)),
  ];
  const bad = answers.find((answer) => answer < 0);
  if (bad !== undefined) {
    calls.close(fd);
    return failed(refused(errnoName(bad)));
  }
  const held = Buffer.alloc(64 * 1024);
  const meminfo = Buffer.alloc(36);
  let open = true;
  return ok({
    read() {
      const steps: NftStep[] = [];
      for (let turn = 0; open && turn < readsAtOnce; turn += 1) {
        const length = calls.recv(fd, held, MSG_DONTWAIT);
        if (failedWith(length, 'EAGAIN')) break;
        if (failedWith(length, 'EINTR')) continue;
        if (length < 0) throw new Error(`read nftables' trace: ${errnoName(length)}`);
        takeSteps(held.subarray(0, length), steps);
      }
      return steps;
    },
    // sk_drops, the last of SO_MEMINFO's counters.
    lost: () => (open && calls.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, meminfo) >= 36 ? meminfo.readUInt32LE(32) : 0),
    [Symbol.dispose]() {
      if (open) calls.close(fd);
      open = false;
    },
  });
}

/** Table and chain names come again and again. */
const names = new Map<string, string>();

function takeSteps(bytes: Buffer, steps: NftStep[]): void {
  for (let at = 0; at + 20 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    if (length < 20 || at + length > bytes.length) return;
    if (bytes.readUInt16LE(at + 4) === MESSAGE_TRACE) steps.push(step(bytes, at + 16, at + length));
    at += (length + 3) & ~3;
  }
}

function step(bytes: Buffer, from: number, to: number): NftStep {
  let table = '';
  let chain = '';
  let handle = 0;
  let type = 0;
  let trace = 0;
  let network: Buffer | null = null;
  let transport: Buffer | null = null;
  for (let at = from + 4; at + 4 <= to; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > to) break;
    const value = at + 4;
    // enum nft_trace_attributes
    switch (bytes.readUInt16LE(at + 2) & 0x3fff) {
      case 1:
        table = name(bytes, value, at + length);
        break;
      case 2:
        chain = name(bytes, value, at + length);
        break;
      case 3:
        handle = bytes.readUInt32BE(value) * 0x100000000 + bytes.readUInt32BE(value + 4);
        break;
      case 4:
        type = bytes.readUInt32BE(value);
        break;
      case 6:
        trace = bytes.readUInt32BE(value);
        break;
      case 8:
        network = bytes.subarray(value, at + length);
        break;
      case 9:
        transport = bytes.subarray(value, at + length);
        break;
      default:
        break;
    }
    at += (length + 3) & ~3;
  }
  const kind = type === 3 ? 'rule' : type === 2 ? 'return' : 'policy';
  const header = network === null ? null : Buffer.concat(transport === null ? [network] : [network, transport]);
  return { family: bytes.readUInt8(from), table, chain, kind, handle, trace, header };
}

function name(bytes: Buffer, from: number, to: number): string {
  const text = bytes.toString('latin1', from, to - 1);
  const known = names.get(text);
  if (known !== undefined) return known;
  if (names.size > 10_000) names.clear();
  names.set(text, text);
  return text;
}

function refused(why: string): { code: 'unread'; message: string; hint: string } {
  const hint = why === 'EPERM' ? 'run as root, or inside `unshare -rn`' : 'check that the kernel has nf_tables';
  return { code: 'unread', message: `nftables' tracing cannot be read (${why})`, hint };
}
