import { fstatSync, readlinkSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { failed, ok, type Result } from '../../result.ts';
import { errnoName, failedWith, type Libc } from '../libc.ts';
import { networkOf, seeActor } from './actor.ts';
import type { Actor } from './change.ts';
import { repeat } from './watch.ts';

/** A program of the firewall's that was started. */
export interface Started {
  readonly actor: Actor;
  /** Milliseconds of the clock that was handed in. */
  readonly at: number;
}

export interface StartedPrograms extends Disposable {
  /** The process of this number, as it was when it was started; `null` if that is longer ago than a few seconds, or was not seen. */
  of(pid: number): Actor | null;
  /** The firewall's programs that were started since, oldest first. */
  since(at: number): readonly Started[];
}

/** include/uapi/linux/fanotify.h */
const FAN_CLOEXEC = 1;
const FAN_NONBLOCK = 2;
const FAN_MARK_ADD = 1;
const FAN_OPEN_EXEC = 0x1000;
/** `struct fanotify_event_metadata`: its length, what happened, an open descriptor of the file, and the process. */
const event = { bytes: 24, descriptor: 16, pid: 20 } as const;

const folders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin'];
/** Most of them are one file by several names. */
const programs = [
  ...['iptables', 'ip6tables'].flatMap((name) => ['', '-nft', '-legacy'].map((backend) => `${name}${backend}`)),
  ...['xtables-nft-multi', 'xtables-legacy-multi', 'xtables-multi', 'nft', 'ipset'],
];
/** An update puts other files in their place. */
const againMs = 30_000;
const keptMs = 3000;
const mostKept = 500;
/**
 * The kernel tells before the program takes the place of the one that starts it. Where it has not yet, we sleep for a few short steps, since
 * whoever waits in a loop keeps it from the processor; and where that was not enough, look again after some milliseconds, and again.
 */
const steps = 6;
const stepMs = 0.15;
const stepsMs = [1, 3] as const;
const lastMs = 100;
const sleeping = new Int32Array(new SharedArrayBuffer(4));

/**
 * Programs of the firewall's as they are started, with who started them: iptables ends within a millisecond of its change, and nobody who
 * looks then finds it. The kernel tells of these files alone (fs/notify/fanotify, FAN_OPEN_EXEC, since 5.0), so that whatever else is started
 * costs nothing; what a container has of its own it does not see.
 *
 * Needs CAP_SYS_ADMIN on the host: not under `unshare -rn`.
 *
 * @param network the network namespace that is looked at, as `net:[4026531840]`; whoever is in another changes something else. `null`: all.
 * @param now milliseconds that only go forwards.
 */
export function followStarts(calls: Libc, network: string | null, now: () => number): Result<StartedPrograms> {
  const fd = calls.fanotifyInit(FAN_CLOEXEC | FAN_NONBLOCK, 0);
  if (fd < 0) return refused(errnoName(fd));
  const marked = new Set<string>();
  const first = markAll(calls, fd, marked);
  if (first < 0) {
    calls.close(fd);
    return refused(errnoName(first));
  }
  const marking = repeat(againMs, () => {
    markAll(calls, fd, marked);
    return againMs;
  });
  const bytes = Buffer.alloc(4096);
  let kept: Seen[] = [];
  let later: NodeJS.Timeout | undefined;
  let open = true;

  function read(): void {
    while (open) {
      const length = calls.read(fd, bytes);
      if (failedWith(length, 'EINTR')) continue;
      if (length <= 0) return;
      for (let at = 0; at + event.bytes <= length; at += Math.max(event.bytes, bytes.readUInt32LE(at)))
        look(bytes.readInt32LE(at + event.descriptor), bytes.readInt32LE(at + event.pid));
    }
  }

  function look(descriptor: number, pid: number): void {
    // None where there were too many to be told.
    if (descriptor < 0) return;
    const its = networkOf(pid);
    if (its === null || network === null || its === network) {
      const seen = seeing(descriptor, pid, now);
      // Of one that has ended already nobody knows where it was.
      seen.here = its !== null;
      kept.push(seen);
      if (!seen.complete) later ??= setTimeout(again, stepsMs[0]);
      const oldest = now() - keptMs;
      if (kept.length > mostKept || (kept[0]?.at ?? oldest) < oldest)
        kept = kept.slice(-mostKept).filter((each) => each.at >= oldest);
    }
    calls.close(descriptor);
  }

  /** Those that had not become what they start when they were looked at: on a busy machine that takes a while. */
  function again(): void {
    clearTimeout(later);
    later = undefined;
    for (const seen of kept) if (!seen.complete) complete(seen, now() - seen.at > lastMs);
    if (kept.some((seen) => !seen.complete)) later = setTimeout(again, stepsMs[1]);
  }

  const watch = calls.watch(fd, read);
  return ok({
    of(pid) {
      read();
      again();
      return kept.findLast(({ actor }) => actor.pid === pid)?.actor ?? null;
    },
    since(time) {
      read();
      again();
      return kept.filter((each) => each.here && each.at >= time).map(({ actor, at }) => ({ actor, at }));
    },
    [Symbol.dispose]() {
      if (!open) return;
      open = false;
      clearTimeout(later);
      marking.close();
      watch.close();
      calls.close(fd);
    },
  });
}

/** 0, or why a file cannot be watched. */
function markAll(calls: Libc, fd: number, marked: Set<string>): number {
  for (const path of folders.flatMap((folder) => programs.map((program) => join(folder, program)))) {
    const file = fileAt(path);
    if (file === null || marked.has(file)) continue;
    const answer = calls.fanotifyMark(fd, FAN_MARK_ADD, FAN_OPEN_EXEC, path);
    if (answer < 0 && !failedWith(answer, 'ENOENT')) return answer;
    marked.add(file);
  }
  return 0;
}

interface Seen {
  actor: Actor;
  readonly at: number;
  /** In the network namespace that is looked at. */
  here: boolean;
  /** Device and number of the file that it starts. */
  readonly file: string;
  /** There is no more to be known of it. */
  complete: boolean;
}

/** The process once it is the program that it starts, or what can be said of it until then. */
function seeing(descriptor: number, pid: number, now: () => number): Seen {
  const { dev, ino } = fstatSync(descriptor);
  const path = readlinkSync(`/proc/self/fd/${descriptor}`);
  const program = basename(path).slice(0, 15);
  const actor: Actor = { pid, program, exe: path, command: null, uid: null, loginUid: null, parents: [] };
  const seen: Seen = { actor, at: now(), here: false, file: `${dev} ${ino}`, complete: false };
  for (let step = 0; step < steps && !seen.complete; step += 1) {
    if (step > 0) Atomics.wait(sleeping, 0, 0, stepMs);
    complete(seen, false);
  }
  if (seen.actor !== actor) return seen;
  // Who started it is known before it has its own words, and after it has lost them.
  const other = seeActor(pid);
  if (other !== null) seen.actor = { ...other, program, exe: path, command: null };
  return seen;
}

/** Looks again, for the last time if `last`. */
function complete(seen: Seen, last: boolean): void {
  const runs = fileAt(`/proc/${seen.actor.pid}/exe`);
  const now = runs === seen.file ? seeActor(seen.actor.pid) : null;
  // The words come a moment after the program.
  if (now !== null && now.command !== null) seen.actor = now;
  seen.complete = last || runs === null || (now !== null && now.command !== null);
}

/** `null`: there is none, or its process has ended. */
function fileAt(path: string): string | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? null : `${found.dev} ${found.ino}`;
  } catch {
    return null;
  }
}

function refused(why: string): Result<never> {
  return failed({
    code: 'unread',
    message: `the kernel does not tell which programs are started (${why}), so that who changed the firewall is often not known`,
    hint: why === 'EPERM' ? 'run palisade on the host itself, as root' : 'take a kernel with fanotify, 5.0 or later',
  });
}
