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
  /** The network namespace in which it was started, as `net:[4026531840]`; `null` where it had ended. */
  readonly network: string | null;
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
 * The kernel tells before the program takes the place of the one that starts it. Where it has not yet, we sleep for as long as that takes at
 * most, in short steps: whoever waits in a loop keeps it from the processor.
 */
const becomesMs = 3;
const stepMs = 0.15;
const sleeping = new Int32Array(new SharedArrayBuffer(4));

/**
 * Programs of the firewall's as they are started, with who started them: iptables ends within a millisecond of its change, and nobody who
 * looks then finds it. The kernel tells of these files alone (fs/notify/fanotify, FAN_OPEN_EXEC, since 5.0), so that whatever else is started
 * costs nothing; what a container has of its own it does not see.
 *
 * Needs CAP_SYS_ADMIN on the host: not under `unshare -rn`.
 *
 * @param now milliseconds that only go forwards.
 */
export function followStarts(calls: Libc, now: () => number): Result<StartedPrograms> {
  const fd = calls.fanotifyInit(FAN_CLOEXEC | FAN_NONBLOCK, 0);
  if (fd < 0) return refused(errnoName(fd));
  const marked = new Set<string>();
  const first = markAll(calls, fd, marked);
  if (first < 0) {
    calls.close(fd);
    return refused(errnoName(first));
  }
  const again = repeat(againMs, () => {
    markAll(calls, fd, marked);
    return againMs;
  });
  const bytes = Buffer.alloc(4096);
  let kept: Started[] = [];
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
    const actor = becoming(descriptor, pid, now);
    calls.close(descriptor);
    kept.push({ actor, at: now(), network: networkOf(pid) });
    const oldest = now() - keptMs;
    if (kept.length > mostKept || (kept[0]?.at ?? oldest) < oldest)
      kept = kept.slice(-mostKept).filter((each) => each.at >= oldest);
  }

  const watch = calls.watch(fd, read);
  return ok({
    of(pid) {
      read();
      return kept.findLast(({ actor }) => actor.pid === pid)?.actor ?? null;
    },
    since(time) {
      read();
      return kept.filter((each) => each.at >= time);
    },
    [Symbol.dispose]() {
      if (!open) return;
      open = false;
      again.close();
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

/** The process once it is the program that it starts, or what can be said of it where it ended before it was seen. */
function becoming(descriptor: number, pid: number, now: () => number): Actor {
  const { dev, ino } = fstatSync(descriptor);
  const file = `${dev} ${ino}`;
  const until = now() + becomesMs;
  for (let runs = fileAt(`/proc/${pid}/exe`); runs !== null && now() < until; runs = fileAt(`/proc/${pid}/exe`)) {
    const seen = runs === file ? seeActor(pid) : null;
    // The words come a moment after the program.
    if (seen !== null && seen.command !== null) return seen;
    Atomics.wait(sleeping, 0, 0, stepMs);
  }
  const path = readlinkSync(`/proc/self/fd/${descriptor}`);
  const left = seeActor(pid) ?? { pid, uid: null, loginUid: null, parents: [] };
  return { ...left, program: basename(path).slice(0, 15), exe: path, command: null };
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
