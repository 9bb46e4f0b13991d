import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { errnoName, failedWith, type Libc, SOCK_RAW } from '../libc.ts';
import type { ChangedSet } from './change.ts';
import {
  addMembers,
  type Digest,
  emptyDigest,
  type SetHeader,
  type SetName,
  sameDigest,
  setHeader,
  setMembers,
  setNames,
} from './ipset.ts';
import { NETLINK_NETFILTER, openNetlink } from './netlink.ts';

export interface Sets {
  /** Compares with the look before: which there are always, headers and members as often as that disturbs nobody. */
  look(): Promise<Result<SetsLook>>;
  close(): void;
}

export interface SetsLook {
  readonly changed: readonly ChangedSet[];
  /** All of it happened since the look before; otherwise some of it may be older. */
  readonly fresh: boolean;
}

export interface SetsOptions {
  /** Milliseconds that only go forwards. */
  now(): number;
  /** Whether somebody is at work with ipset, and would be told that a set is in use while we look into it. */
  busy(): boolean;
}

/** Members are looked at again after so long whatever the header says: a member may be exchanged for another. */
const longestMs = 50_000;
/** After members were found changed, the next time is not before so long: ban sets change all the time. */
const restMs = 30_000;
/** Looking at members whose hint goes on changing takes at most a hundredth of the time. */
const share = 100;
/** A set of so many members is not asked for its header each time, but after so long. */
const large = 1000;
const largeMs = 10_000;
/** So long it is waited at most until nobody is at work. */
const patienceMs = 5000;
/** Bytes of members between two turns of the event loop: about 2 ms. */
const atOnce = 512 * 1024;

interface Kept {
  readonly index: number | null;
  readonly header: SetHeader;
  readonly headerAt: number;
  readonly digest: Readonly<Digest>;
  /** The hint that was there when members were looked at. */
  readonly hint: string;
  readonly lookedAt: number;
  readonly lookMs: number;
  readonly toldAt: number;
}

/**
 * Notices what changes in ipsets. The kernel tells of none of it, so it is asked for their names, for their headers, and of members for what
 * becomes a digest that nobody can foresee, without timeouts and counters.
 *
 * While the kernel answers about a set, others can neither swap, rename nor destroy it. That is microseconds for small sets; large ones are
 * therefore asked for seldom, and not while somebody is at work with ipset.
 *
 * Needs CAP_NET_ADMIN in the namespace, and ip_set in the kernel, which it would load.
 */
export async function openSets(calls: Libc, pid: number | undefined, { now, busy }: SetsOptions): Promise<Result<Sets>> {
  const opened = openNetlink(calls, { protocol: NETLINK_NETFILTER, type: SOCK_RAW, pid, what: 'the ipsets' });
  if (!opened.ok) return opened;
  const fd = opened.value;
  const seed = randomBytes(4).readInt32LE();
  let kept: ReadonlyMap<string, Kept> = new Map();
  let before = now();
  let open = true;

  /** `null`: the set is gone. */
  async function digestOf(name: string): Promise<{ readonly digest: Digest; readonly lookMs: number } | null> {
    let since = now();
    const parts = setMembers(calls, fd, name);
    if (typeof parts === 'number') return null;
    const digest = { ...emptyDigest };
    let lookMs = 0;
    let bytes = 0;
    for (const part of parts) {
      addMembers(part, digest, seed);
      bytes += part.length;
      if (bytes < atOnce) continue;
      bytes = 0;
      lookMs += now() - since;
      await setImmediate();
      since = now();
    }
    return { digest, lookMs: lookMs + now() - since };
  }

  /** Whether it is time, or can wait until nobody is at work. */
  const isTime = (since: number, afterMs: number, size: number): boolean => {
    const over = now() - since - afterMs;
    return over >= 0 && (size < large || over >= patienceMs || !busy());
  };

  const isDue = (header: SetHeader, last: Kept): boolean => {
    if (isTime(last.lookedAt, longestMs, header.members)) return true;
    const hinted = header.hint !== last.hint && now() - last.toldAt >= restMs;
    return hinted && isTime(last.lookedAt, last.lookMs * share, header.members);
  };

  async function look(): Promise<Result<SetsLook>> {
    const names = setNames(calls, fd);
    if (typeof names === 'number') return failed(refused(names));
    const changed: ChangedSet[] = [];
    const found = new Map<string, Kept>();
    const left = new Map([...kept].filter(([name]) => !names.some((each) => each.name === name)));
    const startedAt = now();
    let fresh = true;
    for (const { name, index } of names) {
      const same = kept.get(name);
      // A large one is taken at its last word for a while.
      const asks =
        same === undefined || same.index !== index || same.header.members < large || isTime(same.headerAt, largeMs, large);
      const header = asks ? setHeader(calls, fd, name) : same.header;
      if (typeof header === 'number') {
        // It went since: the next look says so.
        if (same !== undefined) found.set(name, same);
        continue;
      }
      const headerAt = asks ? startedAt : (same?.headerAt ?? startedAt);
      const { expires } = header;
      const from = same === undefined ? formerName({ name, index }, header, left) : undefined;
      const last = same ?? (from === undefined ? undefined : left.get(from));
      if (from !== undefined) {
        left.delete(from);
        changed.push({ name, from, what: 'renamed', expires });
      } else if (last === undefined) changed.push({ name, what: 'created', expires });
      if (last !== undefined && last.header.made !== header.made) changed.push({ name, what: 'header', expires });
      if (last !== undefined && !isDue(header, last)) {
        found.set(name, { ...last, index, header, headerAt });
        continue;
      }
      const lookedAt = now();
      const members = await digestOf(name);
      if (!open) return ok({ changed, fresh });
      if (members === null) {
        if (last !== undefined) found.set(name, last);
        continue;
      }
      const isOther = last !== undefined && !sameDigest(last.digest, members.digest);
      if (isOther) {
        changed.push({ name, what: 'members', expires });
        fresh &&= last.header.hint !== header.hint && last.headerAt >= before;
      }
      const toldAt = isOther ? lookedAt : (last?.toldAt ?? -restMs);
      found.set(name, { index, header, headerAt, ...members, hint: header.hint, lookedAt, toldAt });
    }
    for (const [name, { header }] of left) changed.push({ name, what: 'destroyed', expires: header.expires });
    kept = found;
    before = startedAt;
    return ok({ changed, fresh });
  }

  const sets: Sets = {
    look,
    close() {
      open = false;
      calls.close(fd);
    },
  };
  const first = await look();
  if (first.ok) return ok(sets);
  sets.close();
  return first;
}

/** What a set was called that is new by this name: the same number in the kernel, and the same start value of its hash. */
function formerName({ index }: SetName, header: SetHeader, left: ReadonlyMap<string, Kept>): string | undefined {
  if (index === null && header.origin === null) return undefined;
  for (const [name, last] of left) {
    if (last.index === index && last.header.origin === header.origin && last.header.made === header.made) return name;
  }
  return undefined;
}

function refused(answer: number): Problem {
  const rights = failedWith(answer, 'EPERM');
  return {
    code: 'unread',
    message: `the ipsets cannot be listed (${errnoName(answer)})`,
    hint: rights ? 'run as root, or inside `unshare -rn`' : 'look with `ipset list -t` whether it can',
  };
}
