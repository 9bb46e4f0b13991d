import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { failed, ok, type Problem, type Result } from '../../result.ts';
import { errnoName, failedWith, type Libc, SOCK_RAW } from '../libc.ts';
import type { ChangedSet } from './change.ts';
import { addMembers, type Digest, emptyDigest, type SetHeader, sameDigest, setHeaders, setMembers } from './ipset.ts';
import { NETLINK_NETFILTER, openNetlink } from './netlink.ts';

export interface Sets {
  /** Compares with the look before: headers always, members where they may have changed or were not looked at for long. */
  look(): Promise<Result<SetsLook>>;
  close(): void;
}

export interface SetsLook {
  readonly changed: readonly ChangedSet[];
  /** All of it happened since the look before; otherwise some of it may be older. */
  readonly fresh: boolean;
}

/** Members are looked at again after so long whatever the header says: a member may be exchanged for another. */
const longestMs = 45_000;
/** After members were found changed, the next time is not before so long: ban sets change all the time. */
const restMs = 30_000;
/** Looking at members whose hint goes on changing takes at most a hundredth of the time. */
const share = 100;
/** Bytes of members between two turns of the event loop: about 2 ms. */
const atOnce = 512 * 1024;

interface Kept {
  readonly header: SetHeader;
  readonly digest: Readonly<Digest>;
  /** The hint that was there when members were looked at. */
  readonly hint: string;
  readonly lookedAt: number;
  readonly lookMs: number;
  readonly toldAt: number;
}

/**
 * Notices what changes in ipsets. The kernel tells of none of it, so they are asked: all headers in one question, and of members a digest
 * that nobody can foresee, without timeouts and counters.
 *
 * Needs CAP_NET_ADMIN in the namespace, and ip_set in the kernel, which it would load.
 *
 * @param now milliseconds that only go forwards.
 */
export async function openSets(calls: Libc, pid: number | undefined, now: () => number): Promise<Result<Sets>> {
  const opened = openNetlink(calls, { protocol: NETLINK_NETFILTER, type: SOCK_RAW, pid, what: 'the ipsets' });
  if (!opened.ok) return opened;
  const fd = opened.value;
  const seed = randomBytes(4).readInt32LE();
  let kept = new Map<string, Kept>();
  let open = true;

  /** `null`: the set is gone. */
  async function digest(name: string): Promise<{ readonly digest: Digest; readonly lookMs: number } | null> {
    const startedAt = now();
    const parts = setMembers(calls, fd, name);
    if (typeof parts === 'number') return null;
    const sum = { ...emptyDigest };
    let lookMs = 0;
    let bytes = 0;
    let since = startedAt;
    for (const part of parts) {
      addMembers(part, sum, seed);
      bytes += part.length;
      if (bytes < atOnce) continue;
      bytes = 0;
      lookMs += now() - since;
      await setImmediate();
      since = now();
    }
    return { digest: sum, lookMs: lookMs + now() - since };
  }

  function due(header: SetHeader, last: Kept): boolean {
    const since = now() - last.lookedAt;
    if (since >= longestMs) return true;
    return header.hint !== last.hint && now() - last.toldAt >= restMs && since >= last.lookMs * share;
  }

  async function look(): Promise<Result<SetsLook>> {
    const headers = setHeaders(calls, fd);
    if (typeof headers === 'number') return failed(refused(headers));
    const before = kept;
    const changed: ChangedSet[] = [];
    let fresh = true;
    const there = new Map<string, Kept>();
    const renamed = renames(headers, before);
    for (const header of headers) {
      const { name, expires } = header;
      const from = renamed.get(name);
      const last = before.get(from ?? name);
      if (from !== undefined) changed.push({ name, from, what: 'renamed', expires });
      if (last === undefined) changed.push({ name, what: 'created', expires });
      else if (last.header.made !== header.made) changed.push({ name, what: 'header', expires });
      if (last !== undefined && !due(header, last)) {
        there.set(name, { ...last, header });
        continue;
      }
      const lookedAt = now();
      const found = await digest(name);
      if (!open) break;
      // Gone since the headers: the next look says so, and one that was never told of need not be.
      if (found === null) {
        if (last !== undefined) there.set(name, last);
        continue;
      }
      const other = last !== undefined && !sameDigest(last.digest, found.digest);
      if (other) {
        changed.push({ name, what: 'members', expires });
        fresh &&= last.header.hint !== header.hint;
      }
      there.set(name, { header, ...found, hint: header.hint, lookedAt, toldAt: other ? lookedAt : (last?.toldAt ?? -restMs) });
    }
    const gone = new Set(renamed.values());
    for (const [name, { header }] of before)
      if (!there.has(name) && !gone.has(name)) changed.push({ name, what: 'destroyed', expires: header.expires });
    kept = there;
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

/** New names of sets that had another before: by the start value of their hash, which no two sets share but by chance. */
function renames(headers: readonly SetHeader[], before: ReadonlyMap<string, Kept>): ReadonlyMap<string, string> {
  const there = new Set(headers.map(({ name }) => name));
  const gone = new Map<string, string>();
  for (const [name, { header }] of before) {
    if (!there.has(name) && header.origin !== null) gone.set(header.origin + header.made, name);
  }
  const found = new Map<string, string>();
  for (const { name, origin, made } of headers) {
    const from = origin === null || before.has(name) ? undefined : gone.get(origin + made);
    if (from !== undefined) found.set(name, from);
  }
  return found;
}

function refused(answer: number): Problem {
  const rights = failedWith(answer, 'EPERM');
  return {
    code: 'unread',
    message: `the ipsets cannot be listed (${errnoName(answer)})`,
    hint: rights ? 'run as root, or inside `unshare -rn`' : 'look with `ipset list -t` whether it can',
  };
}
