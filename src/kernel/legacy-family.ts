import { closeSync, openSync, readSync } from 'node:fs';
import { failed, ok, type Problem, type Result } from '../result.ts';
import { errnoName, failedWith, inNetworkNamespace, type Libc, SOCK_CLOEXEC, SOCK_RAW } from './libc.ts';

/**
 * include/uapi/linux/netfilter_ipv4/ip_tables.h and netfilter_ipv6/ip6_tables.h. The structures are the same on x86-64 and arm64: 64-bit
 * and little-endian. Places are those in `struct ipt_entry` and `struct ip6t_entry`.
 */
const SO_GET_INFO = 64;
const SO_GET_ENTRIES = 65;
/** `struct ipt_getinfo`: name, valid_hooks, hook_entry[5], underflow[5], num_entries, size. */
export const legacyInfo = { bytes: 84, hooks: 32, underflow: 56, entries: 76, size: 80 } as const;
/** `struct ipt_get_entries`: name, size, and the entries at a multiple of eight. */
export const entriesAt = 40;
const families = {
  4: {
    domain: 2,
    level: 0,
    names: 'ip_tables_names',
    entry: { bytes: 112, target: 88, next: 90, from: 92, counters: 96 },
  },
  6: {
    domain: 10,
    level: 41,
    names: 'ip6_tables_names',
    entry: { bytes: 168, target: 140, next: 142, from: 144, counters: 152 },
  },
} as const;
/** What lies where in an entry; each begins so many bytes behind the one before as that says at `next`. */
export type LegacyEntry = (typeof families)[4 | 6]['entry'];
const IPPROTO_RAW = 255;
/** Rules may be replaced between the question how large they are and the one for them. */
const tries = 5;

/** A table as the kernel handed it over. */
export interface LegacyTable {
  /** The entries, from {@link entriesAt} on, in a part of `room`. */
  readonly bytes: Buffer;
  readonly room: Buffer;
  /** As {@link legacyInfo} says; good until the next is fetched. */
  readonly info: Buffer;
}

/** The tables of iptables-legacy of one family. */
export interface LegacyFamily {
  readonly family: 4 | 6;
  readonly entry: LegacyEntry;
  /** The tables that are there. */
  names(): Result<readonly string[]>;
  /** A table as it is now, or the negated errno; ENOENT: it went since it was listed. @param room is used again where it is large enough */
  fetch(table: string, room: Buffer): LegacyTable | number;
  refused(why: string): Problem;
  close(): void;
}

/**
 * Opens the tables of a family for reading without any child process (net/ipv4/netfilter/ip_tables.c, do_ipt_get_ctl).
 *
 * Asking for a table makes it: only those may be asked for that the kernel's own list names at that moment. The kernel makes readers wait while
 * rules are replaced: milliseconds.
 *
 * Needs CAP_NET_ADMIN in the namespace.
 */
export function openLegacyFamily(calls: Libc, pid: number | undefined, family: 4 | 6): Result<LegacyFamily> {
  const { domain, level, names, entry } = families[family];
  let socket = -1;
  const refused = (why: string): Problem => refusedOf(family, why);
  const openSocket = (): Result<number> =>
    inNetworkNamespace(calls, pid, () => {
      const fd = calls.socket(domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
      return fd >= 0 ? ok(fd) : failed<number>(refused(errnoName(fd)));
    });
  // The first socket of a family loads it: of IPv6 there is none before there is a table.
  if (family === 4) {
    const opened = openSocket();
    if (!opened.ok) return opened;
    socket = opened.value;
  }
  const list = openNames(calls, pid, names);
  const info = Buffer.alloc(legacyInfo.bytes);
  return ok({
    family,
    entry,
    refused,
    names() {
      const listed = list.read();
      if (typeof listed === 'string') return failed(refused(listed));
      if (socket < 0 && listed.length > 0) {
        const opened = openSocket();
        if (!opened.ok) return opened;
        socket = opened.value;
      }
      return ok(listed);
    },
    fetch(table, given) {
      for (let again = 0; ; again += 1) {
        info.fill(0);
        info.write(table, 'latin1');
        const answer = calls.getsockopt(socket, level, SO_GET_INFO, info);
        if (answer < 0) return answer;
        const size = info.readUInt32LE(legacyInfo.size);
        const length = entriesAt + size;
        const room = given.length >= length ? given : Buffer.alloc(length + (length >> 3));
        // The kernel wants to be told the exact length.
        const bytes = room.subarray(0, length);
        bytes.fill(0, 0, entriesAt);
        bytes.write(table, 'latin1');
        bytes.writeUInt32LE(size, 32);
        const got = calls.getsockopt(socket, level, SO_GET_ENTRIES, bytes);
        if (failedWith(got, 'EAGAIN') && again < tries) continue;
        return got < 0 ? got : { bytes, room, info };
      }
    },
    close() {
      if (socket >= 0) calls.close(socket);
      list.close();
    },
  });
}

/** Calls `take` with the place of each entry. */
export function eachEntry(bytes: Buffer, entry: LegacyEntry, take: (at: number, next: number) => void): void {
  for (let at = entriesAt; at + entry.bytes <= bytes.length; ) {
    const next = bytes.readUInt16LE(at + entry.next);
    if (next < entry.bytes || at + next > bytes.length) return;
    take(at, at + next);
    at += next;
  }
}

interface Names {
  /** The tables that are there, or why that cannot be read. */
  read(): readonly string[] | string;
  close(): void;
}

/** The kernel's list of tables that are there. The file itself comes with the module; its descriptor stays in its namespace. */
function openNames(calls: Libc, pid: number | undefined, name: string): Names {
  const bytes = Buffer.alloc(4096);
  let file: number | null = null;
  return {
    read() {
      try {
        if (file === null) {
          const opened = inNetworkNamespace(calls, pid, () => ok(openSync(`/proc/thread-self/net/${name}`, 'r')));
          if (!opened.ok) return opened.problems.map(({ message }) => message).join();
          file = opened.value;
        }
        return bytes
          .toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0))
          .split('\n')
          .filter(Boolean);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // No module, no table.
        return code === 'ENOENT' ? [] : (code ?? String(error));
      }
    },
    close() {
      if (file !== null) closeSync(file);
    },
  };
}

function refusedOf(family: 4 | 6, why: string): Problem {
  return {
    code: 'unread',
    message: `the IPv${family} tables of iptables-legacy cannot be read (${why})`,
    hint:
      why === 'EPERM' || why === 'EACCES'
        ? 'run as root, or inside `unshare -rn`'
        : 'look with iptables-legacy-save whether it can',
  };
}
