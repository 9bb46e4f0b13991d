import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import type { Actor, Ancestor } from './change.ts';

/** include/linux/proc_ns.h, PROC_PID_INIT_INO: the first PID namespace, as whose numbers the kernel tells processes. */
const FIRST_PIDS = 'pid:[4026531836]';
const NOBODY = 4_294_967_295;
const mostParents = 8;
const longestWord = 200;
const mostWords = 60;
/** What a program was told stands in its first words; what follows may be secret. */
const wordsOfParents = 4;

/** Whether the numbers by which the kernel tells processes are those of /proc here: not in a container. */
export function sameNumbers(): boolean {
  return linkAt('/proc/self/ns/pid') === FIRST_PIDS;
}

/**
 * A process and those who started it, read at once from /proc: what of it is still there. `null` if nothing is. Takes about 0.1 ms.
 *
 * @param thread of it, or its own number.
 * @param program what the kernel calls it: another process may have its number by now. Without it, whatever runs is taken.
 */
export function seeActor(thread: number, program?: string): Actor | null {
  // First what goes first: a process that has ended keeps its status, until it is waited for, but not its words.
  const command = commandOf(thread);
  const exe = linkAt(`/proc/${thread}/exe`);
  const status = statusOf(thread);
  if (status === null) return null;
  if (program !== undefined && status.program !== clean(program)) return null;
  return {
    pid: status.pid,
    program: status.program,
    exe: exe === null ? null : clean(exe),
    command,
    uid: status.uid,
    loginUid: loginOf(thread),
    parents: parentsOf(status.parent),
  };
}

function parentsOf(first: number): readonly Ancestor[] {
  const parents: Ancestor[] = [];
  for (let pid = first; pid > 0 && parents.length < mostParents; ) {
    const status = statusOf(pid);
    if (status === null) break;
    const exe = linkAt(`/proc/${pid}/exe`);
    // The file's name, where it can be seen: threads give themselves names.
    const program = exe === null ? status.program : clean(basename(exe));
    parents.push({ pid, program, command: (commandOf(pid) ?? []).slice(0, wordsOfParents), uid: status.uid });
    pid = status.parent;
  }
  return parents;
}

/** The network namespace it is in, as `net:[4026531840]`; `null` where it has ended or we may not see. */
export function networkOf(pid: number | 'thread-self'): string | null {
  return linkAt(`/proc/${pid}/ns/net`);
}

interface Status {
  readonly pid: number;
  readonly parent: number;
  readonly program: string;
  readonly uid: number | null;
}

function statusOf(pid: number): Status | null {
  const text = textAt(`/proc/${pid}/status`);
  if (text === null) return null;
  const field = (name: string): string => new RegExp(`^${name}:\\t(.*)$`, 'm').exec(text)?.[1] ?? '';
  const uid = Number.parseInt(field('Uid'), 10);
  return {
    pid: Number(field('Tgid')),
    parent: Number(field('PPid')),
    program: clean(unescaped(field('Name'))),
    uid: Number.isNaN(uid) ? null : uid,
  };
}

/** fs/proc/array.c, proc_task_name: a backslash and a line feed are written as in C. */
function unescaped(name: string): string {
  return name.replace(/\\(n|\\)/g, (_all, letter) => (letter === 'n' ? '\n' : '\\'));
}

function commandOf(pid: number): readonly string[] | null {
  const text = textAt(`/proc/${pid}/cmdline`);
  if (text === null || text === '') return null;
  const words = text.replace(/\0$/, '').split('\0');
  return words.slice(0, mostWords).map((word) => clean(word));
}

function loginOf(pid: number): number | null {
  const text = textAt(`/proc/${pid}/loginuid`);
  const uid = text === null || text === '' ? NOBODY : Number(text);
  return uid === NOBODY ? null : uid;
}

/** Whoever starts a program chooses these bytes: they must not look like anything but a word. */
export function clean(text: string): string {
  const cut = text.length > longestWord ? `${text.slice(0, longestWord)}…` : text;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
}

function textAt(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended, or is not ours to see.
    return null;
  }
}

function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
