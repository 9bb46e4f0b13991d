import { ok, type Problem, type Result } from '../../result.ts';
import { nftGeneration } from '../generation.ts';
import { errnoName, failedWith, MSG_DONTWAIT, SOCK_RAW } from '../libc.ts';
import { nftHolds } from './holding.ts';
import { NETLINK_NETFILTER, openNetlink, RECEIVE } from './netlink.ts';
import { createNftReader, type NftCommit } from './nft-commits.ts';
import { createFaults, isLoaded, repeat, type Watch, type Watching } from './watch.ts';

/** include/uapi/linux/netfilter/nfnetlink.h */
const NFNLGRP_NFTABLES = 7;
/** A restore of 5,000 rules is told in 3 MiB; what does not fit is lost, and said to be. */
const room = 8 * 1024 * 1024;
/** Whether nothing was missed is asked for this often; and whether the kernel has nf_tables, where it had not. */
const checkMs = 10_000;
const absentMs = 1000;
/** After a change, and what may follow it at once, the chains are asked for who holds rules. */
const holdsMs = 200;
/** For the audit record of a process that was not seen. */
const auditMs = 100;

/**
 * Follows what the kernel tells of nf_tables: each transaction when it is made, by whomever. Nothing happens while nothing changes, but
 * one question every ten seconds.
 *
 * Needs CAP_NET_ADMIN in the namespace.
 *
 * @param absent the kernel has not loaded nf_tables, which joining its group would do.
 */
export function watchNft(watching: Watching, absent: boolean, receiveBufferBytes = room): Result<Watch> {
  let followed = absent ? null : follow(watching, receiveBufferBytes);
  if (followed !== null && !followed.ok) return followed;
  const faults = createFaults(watching, 'nft');
  const check = repeat(absent ? absentMs : checkMs, () => {
    if (followed?.ok === true) {
      followed.value.check();
      return checkMs;
    }
    if (!isLoaded('nf_tables')) return absentMs;
    followed = follow(watching, receiveBufferBytes);
    if (followed.ok) watching.emit({ kind: 'lost', at: watching.clock.now(), of: 'nft' });
    else for (const problem of followed.problems) faults.failed(problem);
    return absentMs;
  });
  return ok({
    part: 'nft',
    how: () => (followed?.ok === true ? 'told' : 'absent'),
    close() {
      check.close();
      if (followed?.ok === true) followed.value.close();
    },
  });
}

interface Followed {
  /** Says when something was missed. */
  check(): void;
  close(): void;
}

function follow(watching: Watching, receiveBufferBytes: number): Result<Followed> {
  const { calls, pid, attribution, clock } = watching;
  const opened = openNetlink(calls, {
    protocol: NETLINK_NETFILTER,
    type: SOCK_RAW,
    pid,
    what: 'what changes in nf_tables',
    group: NFNLGRP_NFTABLES,
    receiveBufferBytes,
  });
  if (!opened.ok) return opened;
  const fd = opened.value;
  const asking = openNetlink(calls, { protocol: NETLINK_NETFILTER, type: SOCK_RAW, pid, what: 'the chains of nf_tables' });
  if (!asking.ok) {
    calls.close(fd);
    return asking;
  }
  const bytes = Buffer.alloc(RECEIVE);
  const reader = createNftReader();
  let newest = nftGeneration(pid);
  let holdsTimer: NodeJS.Timeout | undefined;
  let open = true;

  function lost(): void {
    reader.forget();
    newest = nftGeneration(pid);
    watching.emit({ kind: 'lost', at: clock.now(), of: 'nft' });
    soon();
  }

  function soon(): void {
    holdsTimer ??= setTimeout(() => {
      holdsTimer = undefined;
      holds();
    }, holdsMs);
  }

  function holds(): void {
    for (const family of [4, 6] as const) {
      const found = nftHolds(calls, asking.ok ? asking.value : -1, family);
      if (found !== null) watching.backends.set(family, 'nft', found);
    }
  }

  function committed(commit: NftCommit): void {
    if (newest === null || isNewer(commit.generation, newest)) newest = commit.generation;
    const by = attribution.ofCommit(commit);
    const { generation, touched, more } = commit;
    const tell = (who: typeof by): void =>
      watching.emit({ kind: 'nft', at: clock.now(), generation, commits: 1, touched, more, by: who });
    if (attribution.audited && by.processes.every(({ command }) => command === null)) {
      setTimeout(() => {
        if (open) tell(attribution.auditedCommit(commit) ?? by);
      }, auditMs);
    } else tell(by);
    soon();
  }

  function read(): void {
    while (open) {
      const length = calls.recv(fd, bytes, MSG_DONTWAIT);
      if (failedWith(length, 'EAGAIN')) return;
      if (failedWith(length, 'EINTR')) continue;
      if (failedWith(length, 'ENOBUFS')) lost();
      else if (length < 0) end(errnoName(length));
      else for (const commit of reader.read(bytes, length)) committed(commit);
    }
  }

  /** The kernel has no other errors here; whatever it is, to be called again and again would help nobody. */
  function end(why: string): void {
    open = false;
    watch.close();
    const problem: Problem = {
      code: 'unread',
      message: `the kernel stopped telling of changes to nf_tables (${why})`,
      hint: 'start palisade again',
    };
    watching.emit({ kind: 'unwatched', at: clock.now(), of: 'nft', problem });
  }

  holds();
  const watch = calls.watch(fd, read);
  return ok({
    check() {
      if (!open) return;
      read();
      const generation = nftGeneration(pid);
      read();
      if (generation !== null && newest !== null && isNewer(generation, newest)) lost();
    },
    close() {
      open = false;
      clearTimeout(holdsTimer);
      watch.close();
      calls.close(fd);
      if (asking.ok) calls.close(asking.value);
    },
  });
}

/** Generations are counted up to 2^32, and then from the beginning. */
function isNewer(one: number, than: number): boolean {
  return one !== than && (one - than) >>> 0 < 0x80000000;
}
