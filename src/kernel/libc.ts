import { closeSync, constants, openSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants as os } from 'node:os';
import { failed, ok, type Problem, type Result } from '../result.ts';

/**
 * The few calls of the C library that Node does not offer: sockets of the netlink and packet families, setns(2), and
 * readiness of a file descriptor.
 *
 * Every call answers a number ≥ 0, or the negated errno as the kernel itself counts (`-11` is EAGAIN); see
 * {@link errnoName}. Buffers are passed for the length of one synchronous call only: nothing in palisade ever holds a
 * raw address.
 */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** Fills `value`; answers how many bytes the kernel wrote. */
  getsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** Sends the first `length` bytes of `data`; `address` is `null` on a bound socket. */
  sendto(fd: number, data: Uint8Array, length: number, flags: number, address: Uint8Array | null): number;
  recv(fd: number, into: Uint8Array, flags: number): number;
  /** Requests whose argument is a structure; `argument` is read and written in place. */
  ioctl(fd: number, request: number, argument: Uint8Array): number;
  lseek(fd: number, offset: number, whence: number): number;
  setns(fd: number, kind: number): number;
  /** bpf(2); `attributes` is read and written in place. */
  bpf(command: number, attributes: Uint8Array): number;
  close(fd: number): number;
  /** For descriptors that are no sockets. */
  read(fd: number, into: Uint8Array): number;
  fanotifyInit(flags: number, eventFlags: number): number;
  fanotifyMark(fd: number, flags: number, mask: number, path: string): number;
  /** The thread's user and group of files, which sockets keep that it opens; answers what they were. 2^32-1 changes nothing. */
  setfsuid(uid: number): number;
  setfsgid(gid: number): number;
  /** Waits at most `timeoutMs`, blocking the thread; 1 if the descriptor can be written to, 0 if the time passed. */
  waitWritable(fd: number, timeoutMs: number): number;
  /** Watches a descriptor from Node's event loop (epoll): no thread waits, nothing polls, idle costs nothing. */
  readiness(fd: number): Readiness;
  /**
   * Calls `read` from Node's event loop whenever something can be read, which must then read until nothing is left. Costs half of
   * {@link readiness}, and comes at once: for what must be looked at before it is gone.
   */
  watch(fd: number, read: () => void): Watch;
}

/** Ends with {@link Watch.close}, which must come before the descriptor's own close. */
export interface Watch {
  close(): void;
}

/** Ends with {@link Readiness.close}, which must come before the descriptor's own close. */
export interface Readiness {
  /** Resolves when something can be read, or when the signal aborts. One wait at a time. */
  wait(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** sys/socket.h and friends; the same on x86-64 and arm64. */
export const SOCK_CLOEXEC = 0o2000000;
export const SOCK_RAW = 3;
export const MSG_DONTWAIT = 0x40;
export const SOL_SOCKET = 1;

type Koffi = typeof import('koffi').default;

let loaded: Result<Libc> | undefined;

/** Loads koffi at the first call. Not there, or not for this machine: a problem, never an exception. */
export function libc(): Result<Libc> {
  loaded ??= load();
  return loaded;
}

function load(): Result<Libc> {
  let koffi: Koffi;
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi;
  } catch (error) {
    return failed({
      code: 'unread',
      message: `raw sockets and netlink are out of reach, because the optional package koffi cannot be loaded (${firstLine(error)})`,
      hint: 'install palisade with its optional dependencies: npm ci --include=optional',
    });
  }
  // `null` is the running program itself: whichever C library Node was linked with, glibc or musl.
  const library = koffi.load(null);
  const errno = koffi.errno as () => number;
  const signed = <A extends readonly unknown[]>(prototype: string): ((...args: A) => number) => {
    const call = library.func(prototype) as (...args: A) => number;
    return (...args) => {
      const answer = call(...args);
      return answer < 0 ? -errno() : answer;
    };
  };
  const bind = signed<[number, Uint8Array, number]>('int bind(int fd, const void *address, uint32_t length)');
  const setsockopt = signed<[number, number, number, Uint8Array, number]>(
    'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
  );
  const getsockopt = signed<[number, number, number, Uint8Array, Uint8Array]>(
    'int getsockopt(int fd, int level, int name, void *value, void *length)',
  );
  const sendto = signed<[number, Uint8Array, number, number, Uint8Array | null, number]>(
    'long sendto(int fd, const void *data, size_t length, int flags, const void *address, uint32_t addressLength)',
  );
  const recv = signed<[number, Uint8Array, number, number]>('long recv(int fd, void *into, size_t length, int flags)');
  const read = signed<[number, Uint8Array, number]>('long read(int fd, void *into, size_t length)');
  const fanotifyMark = signed<[number, number, number, number, string]>(
    'int fanotify_mark(int fd, unsigned int flags, uint64_t mask, int folder, const char *path)',
  );
  const poll = signed<[Uint8Array, number, number]>('int poll(void *fds, unsigned long count, int timeout)');
  // glibc has no wrapper for bpf(2); its number is the architecture's (asm/unistd.h).
  const syscall = signed<[number, number, Uint8Array, number]>(
    'long syscall(long number, long command, void *attributes, unsigned long length)',
  );
  const bpfNumber = process.arch === 'arm64' ? 280 : 321;
  const length = Buffer.alloc(4);
  const pollfd = Buffer.alloc(8);
  return ok({
    socket: signed('int socket(int domain, int type, int protocol)'),
    bind: (fd, address) => bind(fd, address, address.length),
    setsockopt: (fd, level, name, value) => setsockopt(fd, level, name, value, value.length),
    getsockopt: (fd, level, name, value) => {
      length.writeUInt32LE(value.length);
      const answer = getsockopt(fd, level, name, value, length);
      return answer < 0 ? answer : length.readUInt32LE();
    },
    sendto: (fd, data, bytes, flags, address) => {
      if (bytes > data.length) throw new RangeError(`asked to send ${bytes} bytes of a buffer of ${data.length}`);
      return sendto(fd, data, bytes, flags, address, address === null ? 0 : address.length);
    },
    recv: (fd, into, flags) => recv(fd, into, into.length, flags),
    ioctl: signed('int ioctl(int fd, unsigned long request, void *argument)'),
    lseek: signed('long lseek(int fd, long offset, int whence)'),
    setns: signed('int setns(int fd, int kind)'),
    bpf: (command, attributes) => syscall(bpfNumber, command, attributes, attributes.length),
    close: signed('int close(int fd)'),
    read: (fd, into) => read(fd, into, into.length),
    fanotifyInit: signed('int fanotify_init(unsigned int flags, unsigned int eventFlags)'),
    // AT_FDCWD, for a path that begins at the root.
    fanotifyMark: (fd, flags, mask, path) => fanotifyMark(fd, flags, mask, -100, path),
    setfsuid: library.func('uint32_t setfsuid(uint32_t uid)') as (uid: number) => number,
    setfsgid: library.func('uint32_t setfsgid(uint32_t gid)') as (gid: number) => number,
    waitWritable: (fd, timeoutMs) => {
      pollfd.writeInt32LE(fd, 0);
      // poll.h: events = POLLOUT, revents cleared.
      pollfd.writeUInt32LE(4, 4);
      return poll(pollfd, 1, timeoutMs);
    },
    readiness: (fd) => {
      let wake: (() => void) | undefined;
      const woken = (): void => wake?.();
      const handle = koffi.node.poll(fd, { readable: true }, woken);
      // epoll tells as long as the descriptor is readable: listen only while somebody waits, or a slow reader spins.
      handle.stop();
      return {
        wait: (signal) =>
          new Promise<void>((resolve) => {
            wake = () => {
              wake = undefined;
              handle.stop();
              signal.removeEventListener('abort', woken);
              resolve();
            };
            if (signal.aborted) return woken();
            signal.addEventListener('abort', woken, { once: true });
            handle.start({ readable: true }, woken);
          }),
        close: () => {
          woken();
          handle.stop();
          handle.close();
        },
      };
    },
    watch: (fd, read) => {
      let open = true;
      // Declared with the events alone; the status comes before them.
      const turn = (status: unknown): void => {
        read();
        // A descriptor with an error, such as a full socket's, is told once and then no more.
        if (open && typeof status === 'number' && status < 0) handle.start({ readable: true }, turn);
      };
      const handle = koffi.node.poll(fd, { readable: true }, turn);
      return {
        close: () => {
          if (!open) return;
          open = false;
          handle.stop();
          handle.close();
        },
      };
    },
  });
}

const names: ReadonlyMap<number, string> = new Map(Object.entries(os.errno).map(([name, number]) => [number, name]));

/** `EPERM` for -1; a number that has no name is given as text. */
export function errnoName(answer: number): string {
  return names.get(Math.abs(answer)) ?? `errno ${Math.abs(answer)}`;
}

/** True if the call failed with this error. */
export function failedWith(answer: number, name: keyof typeof os.errno): boolean {
  return answer === -os.errno[name];
}

/** `value` as a C int, for socket options. */
export function int(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

const CLONE_NEWNET = 0x40000000;

/**
 * Runs `make` with the calling thread inside the network namespace of another process, then comes back. What it opens
 * stays in that namespace for good, so one visit is enough for a socket. `make` must be synchronous: nothing else of
 * palisade runs on this thread meanwhile, so no child process can be started in the wrong namespace.
 *
 * Needs CAP_SYS_ADMIN over both namespaces (setns(2)): root, or root of the outer `unshare -rn` that both live in.
 * Without `pid`, or if it is our own namespace, nothing is entered and no right is needed.
 *
 * @throws if the way back fails, since the thread would go on in a foreign namespace.
 */
export function inNetworkNamespace<T>(calls: Libc, pid: number | undefined, make: () => Result<T>): Result<T> {
  if (pid === undefined) return make();
  const theirs = `/proc/${pid}/ns/net`;
  const ours = '/proc/thread-self/ns/net';
  let there: number;
  try {
    if (readlinkSync(theirs) === readlinkSync(ours)) return make();
    there = openSync(theirs, constants.O_RDONLY);
  } catch (error) {
    return failed(noEntry(pid, firstLine(error)));
  }
  const home = openSync(ours, constants.O_RDONLY);
  try {
    const entered = calls.setns(there, CLONE_NEWNET);
    if (entered < 0) return failed(noEntry(pid, errnoName(entered)));
    try {
      return make();
    } finally {
      leave(calls, home);
    }
  } finally {
    closeSync(home);
    closeSync(there);
  }
}

function leave(calls: Libc, home: number): void {
  const back = calls.setns(home, CLONE_NEWNET);
  if (back < 0) throw new Error(`setns back into our own network namespace: ${errnoName(back)}`);
}

function noEntry(pid: number, why: string): Problem {
  return {
    code: 'no-namespace',
    message: `the network namespace of process ${pid} cannot be entered (${why})`,
    hint: 'run as root, or inside the `unshare -rn` that made the namespace',
  };
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.slice(0, text.includes('\n') ? text.indexOf('\n') : undefined);
}
