import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { failed, ok, type Problem, type Result } from '../result.ts';
import {
  errnoName,
  failedWith,
  inNetworkNamespace,
  int,
  type Libc,
  libc,
  MSG_DONTWAIT,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_SOCKET,
} from './libc.ts';
import { createPace, promptly } from './nflog-pace.ts';
import {
  createSight,
  NETLINK_HEADER,
  type NflogPacket,
  type NflogSight,
  type NflogTogether,
  nflogConfig,
  nflogTogether,
  packetOf,
  sightPackets,
} from './nfulnl.ts';

export type { NflogPacket, NflogSight } from './nfulnl.ts';

export interface NflogOptions {
  /** The group of the NFLOG rules, 0 … 65535. A group has one reader. */
  readonly group: number;
  /** A process in the network namespace to read in; without it, our own. */
  readonly namespacePid?: number;
  /** How many bytes of each packet the kernel hands over; default 128, enough for the headers of a packet inside an ICMP error. */
  readonly copyBytes?: number;
  /** Room for what is not read yet; default 8 MiB. Without CAP_NET_ADMIN on the host, net.core.rmem_max bounds it. */
  readonly receiveBufferBytes?: number;
  /**
   * Packets are handed over as they are logged while they are few, and in a flood together, so that they are held back half a
   * millisecond. Left out: up to 200 together, within some 10 milliseconds.
   */
  readonly promptly?: boolean;
}

/** An open NFLOG group; closed by `using`, or by `[Symbol.dispose]()`, which also frees the group. */
export interface Nflog extends Disposable {
  /**
   * What is there now, without waiting, at most 64 of the kernel's batches; empty when nothing is there. The kernel holds
   * packets back to send them together, so what was logged just now may come with the next call.
   */
  read(): NflogPacket[];
  /**
   * Hands over the packets of one of the kernel's batches, without waiting, each in the same object, which is good until `take` answers.
   * False: nothing was there. Makes no object per packet.
   */
  receive(take: (packet: NflogSight) => void): boolean;
  /** What a link is called now; one that is gone, as it was. */
  nameOf(index: number): string;
  /** Resolves when there may be something to receive, or the signal aborts. One at a time. */
  wait(signal: AbortSignal): Promise<void>;
  /**
   * Packets of this group that the kernel could not hand over since the opening. Exact as soon as a later packet has
   * been read, since packets are numbered; before that at least this many.
   */
  lost(): number;
  /** Packets that were handed over since the opening. */
  received(): number;
  /**
   * All packets that were logged up to this moment (of `performance.now()`) are received or counted as lost: up to the last `receive` that found nothing, but
   * for what the kernel may still hold back. -Infinity: some were dropped, and how many only the next that comes will tell.
   */
  wholeUntil(): number;
  /** Packets come one by one, however many there are, until it is told otherwise; only of one that was opened `promptly`. */
  oneByOne(isWanted: boolean): void;
  /** Batches as they come, until the signal aborts. `lost` counts since the batch before. One follower at a time. */
  follow(signal: AbortSignal): AsyncIterable<{ readonly packets: readonly NflogPacket[]; readonly lost: number }>;
  /** What the kernel granted, as it counts (twice what was asked: socket(7), SO_RCVBUF). */
  readonly receiveBufferBytes: number;
}

const AF_NETLINK = 16;
const NETLINK_NETFILTER = 12;
const SOL_NETLINK = 270;
const NETLINK_NO_ENOBUFS = 5;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SO_MEMINFO = 55;
const MSG_TRUNC = 0x20;
const SIOCGIFNAME = 0x8910;
/** The kernel's batches are at most 128 KiB (NFULNL_NLBUFSIZ_MAX), single packets at most 64 KiB and their attributes. */
const RECEIVE = 192 * 1024;
const RECEIVES_AT_ONCE = 64;
/** So long after packets are wanted one by one, the kernel's timer has sent those that it still held back. */
const flushedMs = 30;
/** What the kernel may hold back unless packets are wanted promptly. */
const together = { most: 200, holdMs: 10 };

/**
 * Binds an NFLOG group and reads what the kernel logs there (net/netfilter/nfnetlink_log.c).
 *
 * The protocol family is deliberately not bound (NFULNL_CFG_CMD_PF_BIND): NFLOG rules do not need it, and it would
 * change the namespace's `net.netfilter.nf_log.*`, which is not ours.
 *
 * Needs CAP_NET_ADMIN in the namespace. Only a process with that right can send us a forged message.
 */
export function openNflog(options: NflogOptions): Result<Nflog> {
  const loaded = libc();
  if (!loaded.ok) return loaded;
  const calls = loaded.value;
  const opened = inNetworkNamespace(calls, options.namespacePid, () => {
    const fd = calls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    return fd >= 0 ? ok(fd) : failed<number>(refused(options, errnoName(fd)));
  });
  if (!opened.ok) return opened;
  const fd = opened.value;
  const answer = configure(calls, fd, options);
  if (answer < 0) {
    calls.close(fd);
    return failed(refused(options, errnoName(answer)));
  }
  return ok(reader(calls, fd, options));
}

/** Sizes the buffer, then binds the group in one message, so that packets are numbered from the first. */
function configure(calls: Libc, fd: number, options: NflogOptions): number {
  const wanted = int(options.receiveBufferBytes ?? 8 * 1024 * 1024);
  // The forced one may pass rmem_max, but wants CAP_NET_ADMIN in the first user namespace: not under `unshare -rn`.
  if (calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, wanted) < 0) {
    const set = calls.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, wanted);
    if (set < 0) return set;
  }
  // With the error on, one overrun makes the kernel drop everything until the queue is empty; we count by number instead.
  const quiet = calls.setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, int(1));
  if (quiet < 0) return quiet;
  const local = Buffer.alloc(12);
  local.writeUInt16LE(AF_NETLINK, 0);
  const bound = calls.bind(fd, local);
  if (bound < 0) return bound;
  const request = nflogConfig({
    group: options.group,
    copyBytes: options.copyBytes ?? 128,
    ...(options.promptly === true ? promptly : together),
  });
  const sent = calls.sendto(fd, request, request.length, 0, null);
  if (sent < 0) return sent;
  // The kernel answers before sendto returns. A packet may be logged between the two: it is numbered, and found lost.
  const reply = Buffer.alloc(RECEIVE);
  for (;;) {
    const length = calls.recv(fd, reply, MSG_DONTWAIT);
    if (length < 0) return length;
    // NLMSG_ERROR: 0, or why not.
    if (length >= NETLINK_HEADER + 4 && reply.readUInt16LE(4) === 2) return reply.readInt32LE(NETLINK_HEADER);
  }
}

function reader(calls: Libc, fd: number, options: NflogOptions): Nflog {
  const held = Buffer.alloc(RECEIVE);
  const view = new DataView(held.buffer, held.byteOffset, held.byteLength);
  const sight = createSight();
  const meminfo = Buffer.alloc(36);
  // sk_drops, the last of SO_MEMINFO's counters, counts messages; each holds one packet or more.
  const drops = (): number => (calls.getsockopt(fd, SOL_SOCKET, SO_MEMINFO, meminfo) >= 36 ? meminfo.readUInt32LE(32) : 0);
  const dropsBefore = drops();
  const names = new Map<number, string>();
  let pace = options.promptly === true ? createPace(performance.now()) : null;
  let open = true;
  let expected = 0;
  let missing = 0;
  let received = 0;
  /** How many packets the kernel may send together, and since when. */
  let most = options.promptly === true ? promptly.most : together.most;
  let mostSince = Number.NEGATIVE_INFINITY;
  /** When nothing was left to receive: messages that had been dropped by then, and whether a later packet has told how many packets these held. */
  let dropsBeforeEmpty = 0;
  let receivedBeforeEmpty = 0;
  let isToldOfDrops = true;
  let emptyAt = Number.NEGATIVE_INFINITY;

  function nameOf(index: number): string {
    const request = Buffer.alloc(40);
    request.writeInt32LE(index, 16);
    if (open && calls.ioctl(fd, SIOCGIFNAME, request) >= 0) names.set(index, request.toString('latin1', 0, request.indexOf(0)));
    return names.get(index) ?? `link#${index}`;
  }

  function receive(take: (packet: NflogSight) => void): boolean {
    while (open) {
      const asked = performance.now();
      const length = calls.recv(fd, held, MSG_DONTWAIT | MSG_TRUNC);
      if (failedWith(length, 'EINTR')) continue;
      if (failedWith(length, 'EAGAIN')) {
        empty(asked);
        return false;
      }
      if (length < 0) throw new Error(`read NFLOG packets: ${errnoName(length)}`);
      if (length > held.length) throw new Error(`an NFLOG message of ${length} bytes is longer than the kernel makes them`);
      sightPackets(held, view, length, sight, (packet) => {
        received += 1;
        if (packet.seq >= 0) {
          missing += (packet.seq - expected) >>> 0;
          expected = (packet.seq + 1) >>> 0;
        }
        take(packet);
      });
      const wanted = pace?.(received, performance.now());
      if (wanted) sendTogether(wanted);
      return true;
    }
    return false;
  }

  function empty(at: number): void {
    emptyAt = at;
    const dropped = (drops() - dropsBefore) >>> 0;
    if (dropped !== dropsBeforeEmpty) isToldOfDrops = false;
    else if (received > receivedBeforeEmpty) isToldOfDrops = true;
    dropsBeforeEmpty = dropped;
    receivedBeforeEmpty = received;
  }

  function sendTogether(wanted: NflogTogether): void {
    const request = nflogTogether(options.group, wanted);
    // Should the kernel refuse, packets come as they came.
    if (calls.sendto(fd, request, request.length, 0, null) < 0 || wanted.most === most) return;
    most = wanted.most;
    mostSince = performance.now();
  }

  function read(): NflogPacket[] {
    const packets: NflogPacket[] = [];
    // A link may have been renamed since, so names are asked for anew in each call.
    const asked = new Map<number, string>();
    const named = (index: number): string => {
      const name = asked.get(index) ?? nameOf(index);
      asked.set(index, name);
      return name;
    };
    for (let turn = 0; turn < RECEIVES_AT_ONCE; turn += 1) {
      if (!receive((packet) => packets.push(packetOf(packet, named)))) break;
    }
    return packets;
  }

  const lost = (): number => (open ? Math.max(missing, (drops() - dropsBefore) >>> 0) : missing);
  let readiness: ReturnType<Libc['readiness']> | undefined;

  async function wait(signal: AbortSignal): Promise<void> {
    if (!open || signal.aborted) return;
    readiness ??= calls.readiness(fd);
    await readiness.wait(signal);
  }

  async function* follow(signal: AbortSignal): AsyncGenerator<{ packets: readonly NflogPacket[]; lost: number }> {
    let told = lost();
    while (open && !signal.aborted) {
      const packets = read();
      const now = lost();
      if (packets.length > 0 || now > told) yield { packets, lost: now - told };
      told = now;
      if (packets.length === 0) await wait(signal);
      // Under a flood there is always something to read: let timers and sockets have their turn.
      else await setImmediate();
    }
  }

  const sized = Buffer.alloc(4);
  calls.getsockopt(fd, SOL_SOCKET, SO_RCVBUF, sized);
  return {
    read,
    receive,
    nameOf,
    wait,
    lost,
    received: () => received,
    wholeUntil: () => {
      if (!isToldOfDrops) return Number.NEGATIVE_INFINITY;
      return most === 1 && emptyAt - mostSince > flushedMs ? emptyAt : emptyAt - flushedMs;
    },
    oneByOne(isWanted) {
      if (!open) return;
      pace = isWanted ? null : createPace(performance.now(), received);
      if (isWanted && most !== 1) sendTogether(promptly);
    },
    follow,
    receiveBufferBytes: sized.readUInt32LE(),
    [Symbol.dispose]() {
      if (!open) return;
      missing = lost();
      open = false;
      readiness?.close();
      calls.close(fd);
    },
  };
}

function refused(options: NflogOptions, why: string): Problem {
  const owner = why === 'EPERM' || why === 'EBUSY' ? readerOf(options) : undefined;
  if (owner !== undefined) {
    return {
      code: 'unread',
      message: `NFLOG group ${options.group} is already read by ${owner}, and a group has one reader`,
      hint: 'use another group in the NFLOG rules and here, or stop that reader',
    };
  }
  return {
    code: 'unread',
    message: `NFLOG group ${options.group} cannot be read (${why})`,
    hint: why === 'EPERM' ? 'run as root, or inside `unshare -rn`' : 'check that the kernel has the module nfnetlink_log',
  };
}

/** Who holds the group, by the kernel's own list: group and netlink port, which by custom is the reader's process id. */
function readerOf(options: NflogOptions): string | undefined {
  const at = options.namespacePid === undefined ? 'thread-self' : String(options.namespacePid);
  const lines = text(`/proc/${at}/net/netfilter/nfnetlink_log`).split('\n');
  const line = lines.map((each) => each.trim().split(' ').filter(Boolean)).find(([group]) => group === String(options.group));
  const port = line?.[1];
  if (port === undefined) return undefined;
  const name = program(port);
  return name === '' ? `netlink port ${port}` : `${name} (process ${port})`;
}

/** The program's own name rather than that of its first thread, which Node calls MainThread. */
function program(pid: string): string {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return text(`/proc/${pid}/comm`).trim();
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Not there, or not ours to read: the conflict is then named without its owner.
    return '';
  }
}
