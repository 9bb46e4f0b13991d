import { closeSync, openSync, readSync } from 'node:fs';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { errnoName, failedWith, inNetworkNamespace, type Libc, SOCK_CLOEXEC, SOCK_RAW } from '../libc.ts';

/** What one look at the tables of iptables-legacy found. */
export interface LegacyLook {
  readonly changed: readonly LegacyDifference[];
  /** Entries in all tables of both families: rules, policies and the heads of chains. */
  readonly entries: number;
  /** Whether tables of a family hold more than empty chains that accept. */
  readonly holds: { readonly 4: boolean; readonly 6: boolean };
}

export interface LegacyDifference {
  readonly family: 4 | 6;
  readonly table: string;
  readonly what: 'rules' | 'appeared' | 'gone';
  /** How many entries it had before, by which the audit record of the change is known; 0 where it was not there. */
  readonly entriesBefore: number;
}

export interface LegacyTables {
  /** Compares with the look before; at the first all is new. Takes about 0.6 ms for 1,000 rules. */
  look(): Result<LegacyLook>;
  close(): void;
}

/**
 * include/uapi/linux/netfilter_ipv4/ip_tables.h and netfilter_ipv6/ip6_tables.h. The structures are the same on x86-64 and arm64: 64-bit
 * and little-endian. Places are those in `struct ipt_entry` and `struct ip6t_entry`.
 */
const SO_GET_INFO = 64;
const SO_GET_ENTRIES = 65;
/** `struct ipt_getinfo`: name, valid_hooks, hook_entry[5], underflow[5], num_entries, size. */
const info = { bytes: 84, hooks: 32, underflow: 56, entries: 76, size: 80 } as const;
/** `struct ipt_get_entries`: name, size, and the entries at a multiple of eight. */
const entriesAt = 40;
const families = {
  4: { domain: 2, level: 0, names: 'ip_tables_names', entry: { bytes: 112, target: 88, next: 90, from: 92, counters: 96 } },
  6: {
    domain: 10,
    level: 41,
    names: 'ip6_tables_names',
    entry: { bytes: 168, target: 140, next: 142, from: 144, counters: 152 },
  },
} as const;
const IPPROTO_RAW = 255;
/** The verdict of a policy that accepts: -NF_ACCEPT - 1, behind the target's 32 bytes of size, name and revision. */
const accepts = -2;
const verdictAt = 32;
const HOOKS = 5;
/** Rules may be replaced between the question how large they are and the one for them. */
const tries = 5;

interface Kept {
  /** The entries as they were, in a part of `room`. */
  readonly bytes: Buffer;
  readonly room: Buffer;
  /** For the next look: the two take turns. */
  readonly spare: Buffer;
  readonly entries: number;
  readonly holds: boolean;
}

const nothing = Buffer.alloc(0);

/**
 * Looks at the tables of iptables-legacy without any child process (net/ipv4/netfilter/ip_tables.c, do_ipt_get_ctl).
 *
 * Asking for a table makes it: only those are asked for that the kernel's own list names at that moment. Counters are taken out before
 * comparing, and what matches remember (limit, quota, hashlimit, recent) the kernel leaves out by itself since 4.11 (xt_match_to_user).
 * The kernel makes readers wait while rules are replaced, and so do we: milliseconds.
 *
 * Needs CAP_NET_ADMIN in the namespace.
 */
export function openLegacyTables(calls: Libc, pid: number | undefined): Result<LegacyTables> {
  const four = openFamily(calls, pid, 4);
  if (!four.ok) return four;
  const six = openFamily(calls, pid, 6);
  if (!six.ok) return six;
  const opened = [four.value, six.value];
  const close = (): void => {
    for (const each of opened) each.close();
  };
  return ok({
    close,
    look() {
      const changed: LegacyDifference[] = [];
      const holds = { 4: false, 6: false };
      let entries = 0;
      for (const each of opened) {
        const looked = each.look();
        if (!looked.ok) return looked;
        changed.push(...looked.value.changed);
        entries += looked.value.entries;
        holds[each.family] = looked.value.holds;
      }
      return ok({ changed, entries, holds });
    },
  });
}

interface FamilyTables {
  readonly family: 4 | 6;
  look(): Result<{ readonly changed: readonly LegacyDifference[]; readonly entries: number; readonly holds: boolean }>;
  close(): void;
}

function openFamily(calls: Libc, pid: number | undefined, family: 4 | 6): Result<FamilyTables> {
  const { domain, level, names } = families[family];
  let socket = -1;
  const openSocket = (): Result<number> =>
    inNetworkNamespace(calls, pid, () => {
      const fd = calls.socket(domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
      return fd >= 0 ? ok(fd) : failed<number>(refused(family, errnoName(fd)));
    });
  // The first socket of a family loads it: of IPv6 there is none before there is a table.
  if (family === 4) {
    const opened = openSocket();
    if (!opened.ok) return opened;
    socket = opened.value;
  }
  const list = openNames(calls, pid, names);
  const said = Buffer.alloc(info.bytes);
  let kept = new Map<string, Kept>();

  /** The table as it is now, or the negated errno. */
  function fetch(table: string, last: Kept | undefined): Kept | number {
    for (let again = 0; ; again += 1) {
      said.fill(0);
      said.write(table, 'latin1');
      const answer = calls.getsockopt(socket, level, SO_GET_INFO, said);
      if (answer < 0) return answer;
      const size = said.readUInt32LE(info.size);
      const length = entriesAt + size;
      const spare = last?.spare ?? nothing;
      const room = spare.length >= length ? spare : Buffer.alloc(length + (length >> 3));
      // The kernel wants to be told the exact length.
      const bytes = room.subarray(0, length);
      bytes.fill(0, 0, entriesAt);
      bytes.write(table, 'latin1');
      bytes.writeUInt32LE(size, 32);
      const got = calls.getsockopt(socket, level, SO_GET_ENTRIES, bytes);
      if (failedWith(got, 'EAGAIN') && again < tries) continue;
      if (got < 0) return got;
      withoutCounters(bytes, family);
      const entries = said.readUInt32LE(info.entries);
      return { bytes, room, spare: last?.room ?? nothing, entries, holds: holdsRules(bytes, said, family) };
    }
  }

  return ok({
    family,
    close() {
      if (socket >= 0) calls.close(socket);
      list.close();
    },
    look() {
      const listed = list.read();
      if (typeof listed === 'string') return failed(refused(family, listed));
      if (socket < 0 && listed.length > 0) {
        const opened = openSocket();
        if (!opened.ok) return opened;
        socket = opened.value;
      }
      const before = kept;
      const changed: LegacyDifference[] = [];
      const now = new Map<string, Kept>();
      const difference = (table: string, what: LegacyDifference['what']): void => {
        changed.push({ family, table, what, entriesBefore: before.get(table)?.entries ?? 0 });
      };
      for (const table of listed) {
        const last = before.get(table);
        const got = fetch(table, last);
        // It went since it was listed.
        if (typeof got === 'number' && failedWith(got, 'ENOENT')) continue;
        if (typeof got === 'number') return failed(refused(family, errnoName(got)));
        if (last === undefined) difference(table, 'appeared');
        else if (!last.bytes.equals(got.bytes)) difference(table, 'rules');
        now.set(table, got);
      }
      for (const table of before.keys()) if (!now.has(table)) difference(table, 'gone');
      kept = now;
      let entries = 0;
      for (const each of now.values()) entries += each.entries;
      return ok({ changed, entries, holds: [...now.values()].some(({ holds }) => holds) });
    },
  });
}

/** Counters, and `comefrom`, in which the kernel notes by which hooks an entry is reached. */
function withoutCounters(bytes: Buffer, family: 4 | 6): void {
  const { entry } = families[family];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = entriesAt; at + entry.bytes <= bytes.length; ) {
    view.setUint32(at + entry.from, 0, true);
    view.setBigUint64(at + entry.counters, 0n, true);
    view.setBigUint64(at + entry.counters + 8, 0n, true);
    const next = view.getUint16(at + entry.next, true);
    if (next < entry.bytes) return;
    at += next;
  }
}

/** More than one entry a hook and the one that closes the table; or a policy that does not accept. */
function holdsRules(bytes: Buffer, said: Buffer, family: 4 | 6): boolean {
  const hooks = said.readUInt32LE(info.hooks);
  let policies = 0;
  for (let hook = 0; hook < HOOKS; hook += 1) {
    if ((hooks & (1 << hook)) === 0) continue;
    policies += 1;
    const at = entriesAt + said.readUInt32LE(info.underflow + 4 * hook);
    if (at + families[family].entry.bytes > bytes.length) return true;
    const target = at + bytes.readUInt16LE(at + families[family].entry.target);
    if (target + verdictAt + 4 > bytes.length || bytes.readInt32LE(target + verdictAt) !== accepts) return true;
  }
  return said.readUInt32LE(info.entries) > policies + 1;
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

function refused(family: 4 | 6, why: string): Problem {
  return {
    code: 'unread',
    message: `the IPv${family} tables of iptables-legacy cannot be read (${why})`,
    hint:
      why === 'EPERM' || why === 'EACCES'
        ? 'run as root, or inside `unshare -rn`'
        : 'look with iptables-legacy-save whether it can',
  };
}
