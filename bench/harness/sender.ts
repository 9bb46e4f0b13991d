import { createRequire } from 'node:module';

/** Frames that stand ready in memory, to be put on links again and again, one after the other. */
export interface Frames extends Disposable {
  /** Of the first message (struct mmsghdr); messages stand behind each other. */
  readonly messages: bigint;
  readonly count: number;
  /** Which is sent next. */
  next: number;
}

/** Puts frames on a link. */
export interface Sender extends Disposable {
  /** Sends so many frames, a multiple of 64, and answers nanoseconds a frame. @throws {Error} when the link takes fewer */
  send(frames: Frames, count: number): number;
}

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOL_PACKET = 263;
const PACKET_QDISC_BYPASS = 20;
/** struct mmsghdr of 64-bit Linux: a msghdr of 56 bytes, a length and padding. */
const messageBytes = 64;
const frameBytes = 64;
/** Frames that one call takes: what the call itself costs is a fraction of that of a packet. */
const atOnce = 64;

const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi').default;
const library = koffi.load(null);
const call = (prototype: string): ((...args: unknown[]) => number) => library.func(prototype) as never;
const socket = call('int socket(int domain, int type, int protocol)');
const bind = call('int bind(int fd, const void *address, uint32_t length)');
const setsockopt = call('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)');
const sendmmsg = call('int sendmmsg(int fd, uint64_t messages, uint32_t count, int flags)');
const close = call('int close(int fd)');
const setaffinity = call('int sched_setaffinity(int pid, size_t bytes, const void *mask)');

/** @param frames of at most 64 bytes each, a multiple of 64 of them */
export function loadFrames(frames: readonly Uint8Array[]): Frames {
  if (frames.length === 0 || frames.length % atOnce !== 0) throw new RangeError(`${frames.length} frames`);
  // Memory of the C library, which stays where it is: the frames, one iovec for each, and one message for each.
  const bytes = frames.length * (frameBytes + 16 + messageBytes);
  const memory = koffi.alloc('uint8_t', bytes) as unknown;
  const start = koffi.address(memory);
  const view = Buffer.from(koffi.view(memory, bytes));
  view.fill(0);
  const vectors = frames.length * frameBytes;
  const messages = vectors + frames.length * 16;
  for (const [index, frame] of frames.entries()) {
    if (frame.length > frameBytes) throw new RangeError(`a frame of ${frame.length} bytes`);
    view.set(frame, index * frameBytes);
    const vector = vectors + index * 16;
    view.writeBigUInt64LE(start + BigInt(index * frameBytes), vector);
    view.writeBigUInt64LE(BigInt(frame.length), vector + 8);
    // msg_name, msg_namelen, then msg_iov and msg_iovlen.
    view.writeBigUInt64LE(start + BigInt(vector), messages + index * messageBytes + 16);
    view.writeBigUInt64LE(1n, messages + index * messageBytes + 24);
  }
  return {
    messages: start + BigInt(messages),
    count: frames.length,
    next: 0,
    [Symbol.dispose]: () => koffi.free(memory),
  };
}

/**
 * Opens a packet socket on a link of this namespace that passes no queue: the kernel carries each frame to the other end of a veth,
 * through its firewall and into its sockets before the call returns, so that the time of the call is what packets cost.
 */
export function openSender(ifindex: number): Sender {
  const fd = socket(AF_PACKET, SOCK_RAW, 0);
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeInt32LE(ifindex, 4);
  const one = Buffer.from([1, 0, 0, 0]);
  if (fd < 0 || bind(fd, address, address.length) < 0 || setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, one, 4) < 0)
    throw new Error(`no packet socket on link ${ifindex}: errno ${koffi.errno()}`);
  return {
    send(frames, count) {
      const before = process.hrtime.bigint();
      for (let left = count; left > 0; left -= atOnce) {
        const sent = sendmmsg(fd, frames.messages + BigInt(frames.next * messageBytes), atOnce, 0);
        if (sent !== atOnce) throw new Error(`the link took ${sent} frames: errno ${koffi.errno()}`);
        frames.next = (frames.next + atOnce) % frames.count;
      }
      return Number(process.hrtime.bigint() - before) / count;
    },
    [Symbol.dispose]: () => void close(fd),
  };
}

/** Keeps this thread on one processor, or lets it go to any again. */
export function pin(processor: number | null): void {
  const mask = Buffer.alloc(128, processor === null ? 0xff : 0);
  if (processor !== null) mask[processor >> 3] = 1 << (processor & 7);
  if (setaffinity(0, mask.length, mask) < 0) throw new Error(`no processor ${processor}: errno ${koffi.errno()}`);
}
