import { constants as os } from 'node:os';
import type { Family } from '../model/net/index.ts';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { errnoName, inNetworkNamespace, int, type Libc, libc, SOCK_CLOEXEC, SOCK_RAW, SOL_SOCKET } from './libc.ts';

export { type Ethernet, frame, identify, ipPacket } from './frame.ts';

/** Where a socket is opened. */
export interface Within {
  /** A process in the network namespace to open it in; without it, our own. */
  readonly namespacePid?: number;
}

/** Puts frames on a link. The socket is closed by `using`, or by `[Symbol.dispose]()`. */
export interface Sender extends Disposable {
  /**
   * Sends one Ethernet frame as it is; the bytes may be reused at once.
   *
   * @throws Error naming the errno if the kernel refuses: EMSGSIZE (longer than the link's MTU), ENETDOWN, ENOBUFS
   *   (the link took nothing for a second).
   */
  send(frame: Uint8Array): void;
}

/** Sends packets as if this host had made them. */
export interface RawOutput extends Disposable {
  /** Sends the bytes of one IP packet, routed by its destination, with this firewall mark (0 for none). @throws as {@link Sender}. */
  send(ip: Uint8Array, mark?: number): void;
}

const AF_INET = 2;
const AF_INET6 = 10;
const AF_PACKET = 17;
const IPPROTO_RAW = 255;
const SIOCGIFINDEX = 0x8933;
const SO_MARK = 36;
const SO_BINDTODEVICE = 25;
/** The longest IP packet, with an Ethernet header before it. */
const LONGEST = 65535 + 14;

/**
 * Opens a packet socket on a link (packet(7), SOCK_RAW): what is sent leaves through the link without passing the
 * sender's own firewall, so the other end of a veth sees it arrive.
 *
 * Needs CAP_NET_RAW in the namespace.
 */
export function openSender(options: Within & { readonly link: string }): Result<Sender> {
  const calls = libc();
  if (!calls.ok) return calls;
  // Protocol 0: the socket receives nothing.
  const opened = open(calls.value, options.namespacePid, AF_PACKET, SOCK_RAW, 0);
  if (!opened.ok) return opened;
  const fd = opened.value;
  const refuse = (problem: Problem): Result<never> => {
    calls.value.close(fd);
    return failed(problem);
  };
  const request = Buffer.alloc(40);
  if (request.write(options.link, 0, 15, 'latin1') !== options.link.length) return refuse(noLink(options.link, 'ENODEV'));
  const indexed = calls.value.ioctl(fd, SIOCGIFINDEX, request);
  if (indexed < 0) return refuse(noLink(options.link, errnoName(indexed)));
  // struct sockaddr_ll: family, protocol, ifindex; the rest is for receiving.
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeInt32LE(request.readInt32LE(16), 4);
  const bound = calls.value.bind(fd, address);
  if (bound < 0) return refuse(noLink(options.link, errnoName(bound)));
  const held = Buffer.alloc(LONGEST);
  return ok({
    send(bytes) {
      held.set(bytes);
      transmit(calls.value, fd, held, bytes.length, null, options.link);
    },
    [Symbol.dispose]: once(() => calls.value.close(fd)),
  });
}

/**
 * Opens a raw IP socket that takes whole packets (raw(7), IP_HDRINCL; ipv6(7), IPPROTO_RAW): they pass OUTPUT and
 * POSTROUTING like any packet of this host. The kernel fills in the IPv4 checksum and total length.
 *
 * Needs CAP_NET_RAW in the namespace, and CAP_NET_ADMIN there to set a mark.
 */
export function openRawOutput(
  options: Within & { readonly family: Family; readonly link?: string; readonly owner?: Owner },
): Result<RawOutput> {
  const calls = libc();
  if (!calls.ok) return calls;
  const domain = options.family === 4 ? AF_INET : AF_INET6;
  const opened = asOwner(calls.value, options.owner, () =>
    open(calls.value, options.namespacePid, domain, SOCK_RAW, IPPROTO_RAW),
  );
  if (!opened.ok) return opened;
  const fd = opened.value;
  if (options.link !== undefined) {
    const bound = calls.value.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${options.link}\0`, 'latin1'));
    if (bound < 0) {
      calls.value.close(fd);
      return failed(noLink(options.link, errnoName(bound)));
    }
  }
  const held = Buffer.alloc(65535);
  // struct sockaddr_in and sockaddr_in6, port 0: rawv6 refuses any other.
  const address = Buffer.alloc(options.family === 4 ? 16 : 28);
  address.writeUInt16LE(options.family === 4 ? AF_INET : AF_INET6, 0);
  let marked = 0;
  return ok({
    send(bytes, mark = 0) {
      if (mark !== marked) {
        const answer = calls.value.setsockopt(fd, SOL_SOCKET, SO_MARK, int(mark | 0));
        if (answer < 0) throw new Error(`mark a packet with ${mark}: ${errnoName(answer)}`);
        marked = mark;
      }
      held.set(bytes);
      if (options.family === 4) held.copy(address, 4, 16, 20);
      else held.copy(address, 8, 24, 40);
      transmit(calls.value, fd, held, bytes.length, address, `IPv${options.family} output`);
    },
    [Symbol.dispose]: once(() => calls.value.close(fd)),
  });
}

/** Whose a socket is, as `-m owner` sees it: who opened its file. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Opens something in the name of another; rights over the network are not lost by it (capabilities(7)). */
function asOwner<T>(calls: Libc, owner: Owner | undefined, make: () => Result<T>): Result<T> {
  if (owner === undefined) return make();
  const before = { uid: calls.setfsuid(asItIs), gid: calls.setfsgid(asItIs) };
  try {
    calls.setfsgid(owner.gid);
    calls.setfsuid(owner.uid);
    if (calls.setfsuid(asItIs) === owner.uid && calls.setfsgid(asItIs) === owner.gid) return make();
    return failed({
      code: 'unread',
      message: `no socket can be opened for user ${owner.uid} and group ${owner.gid}`,
      hint: 'run as root, outside of user namespaces that do not have them',
    });
  } finally {
    calls.setfsuid(before.uid);
    calls.setfsgid(before.gid);
  }
}

/** No id: asked for, it only answers what is. */
const asItIs = 0xffff_ffff;

function open(calls: Libc, pid: number | undefined, domain: number, type: number, protocol: number): Result<number> {
  return inNetworkNamespace(calls, pid, () => {
    const fd = calls.socket(domain, type | SOCK_CLOEXEC, protocol);
    if (fd >= 0) return ok(fd);
    return failed({
      code: 'unread',
      message: `the kernel opens no raw socket for palisade (${errnoName(fd)})`,
      hint: 'run as root, or inside `unshare -rn`',
    });
  });
}

function transmit(calls: Libc, fd: number, bytes: Uint8Array, length: number, address: Uint8Array | null, where: string): void {
  for (let attempt = 0; ; attempt += 1) {
    const sent = calls.sendto(fd, bytes, length, 0, address);
    if (sent >= 0) return;
    // The link's queue is full: it says so instead of blocking. It empties by itself, so wait for it, not for ever.
    const again = sent === -os.errno.ENOBUFS || sent === -os.errno.EAGAIN || sent === -os.errno.EINTR;
    if (!again || attempt >= 1000) throw new Error(`send ${length} bytes on ${where}: ${errnoName(sent)}`);
    if (calls.waitWritable(fd, 1) > 0) pause(1);
  }
}

/** Blocks the thread: a packet socket may call itself writable while the link below is not. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function noLink(link: string, why: string): Problem {
  return {
    code: 'unread',
    message: `the link ${link} cannot be sent on (${why})`,
    hint: 'name a link of that namespace, as `ip link` shows it',
  };
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}
