import type { Batch } from '../batch.ts';
import type { LineClock } from '../line-clock.ts';
import { scanAhead, scanKernelLine } from '../scan.ts';
import { holds, isDigit, pastDigits } from '../span.ts';
import { readSshdMessage } from '../sshd.ts';
import { viewOf } from '../view.ts';

/** Of sshd, and of its parts since OpenSSH 9.8. */
const daemons = ['sshd', 'sshd-session', 'sshd-auth'] as const;

/**
 * Reads `HOST PROGRAM: MESSAGE`, as syslog daemons write behind the time. Whose message it is the program's name tells, at its exact
 * place and nowhere else: `kernel[700]:` is a process, and so is every other program, whatever its message holds.
 */
export function readTagged(bytes: Uint8Array, from: number, to: number, batch: Batch, clock: LineClock): boolean {
  const message = pastKernel(bytes, from, to);
  if (message > 0) return scanKernelLine(bytes, pastStamp(bytes, message, to), to, batch);
  const at = pastHost(bytes, from, to);
  if (at < 0) return false;
  const sshd = pastPrograms(bytes, at, to, daemons);
  if (sshd > 0) return readSshdMessage(bytes, sshd, to, batch, clock.tries);
  // ulogd's output plugin SYSLOG.
  const ulogd = pastPrograms(bytes, at, to, ['ulogd']);
  return ulogd > 0 && scanKernelLine(bytes, ulogd, to, batch);
}

/** As {@link readTagged}, of a line whose end is not known yet: where it ends, if it is the kernel's and as most are, and else -1. */
export function readTaggedAhead(bytes: Uint8Array, from: number, limit: number, batch: Batch): number {
  const message = pastKernel(bytes, from, limit);
  return message < 0 ? -1 : scanAhead(bytes, pastStamp(bytes, message, limit), limit, batch);
}

/** `HOST kernel: …` or `HOST NAME[PID]: …`, of whatever program. */
export function isOfProgram(bytes: Uint8Array, from: number, to: number): boolean {
  if (pastKernel(bytes, from, to) > 0) return true;
  let at = pastHost(bytes, from, to);
  if (at < 0) return false;
  while (at < to && isOfName(bytes[at] as number)) at += 1;
  if (at >= to || bytes[at] !== 91) return false;
  const end = pastDigits(bytes, at + 1, to);
  return end > at + 1 && holds(bytes, end, to, ']: ');
}

/** Letters, digits, and what else is usual in a program's name: `-`, `.`, `/`, `_`, `@`, `(`, `)`. */
function isOfName(byte: number): boolean {
  const letter = byte | 32;
  return (
    (letter >= 97 && letter <= 122) || (byte >= 45 && byte <= 57) || byte === 95 || byte === 64 || byte === 40 || byte === 41
  );
}

/** Behind the host's name and its blank; -1: there is none. */
function pastHost(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] as number) > 32) at += 1;
  return at > from && at < to && bytes[at] === 32 ? at + 1 : -1;
}

/** `HOST kernel: ` of the line before, which is that of nearly every line. */
const known = new Uint8Array(128);
const knownView = new DataView(known.buffer);
let knownLength = 0;

/** Behind `HOST kernel: `; -1: it does not stand there. */
function pastKernel(bytes: Uint8Array, from: number, to: number): number {
  if (knownLength > 0 && from + knownLength <= to) {
    const view = viewOf(bytes);
    let at = 0;
    while (at + 4 <= knownLength && knownView.getInt32(at, true) === view.getInt32(from + at, true)) at += 4;
    if (at + 4 > knownLength && knownView.getInt32(knownLength - 4, true) === view.getInt32(from + knownLength - 4, true))
      return from + knownLength;
  }
  const at = pastHost(bytes, from, to);
  if (at < 0 || !holds(bytes, at, to, 'kernel: ')) return -1;
  const end = at + 8;
  if (end - from <= known.length) {
    for (let index = from; index < end; index += 1) known[index - from] = bytes[index] as number;
    knownLength = end - from;
  }
  return end;
}

/** Behind `[ 123.456789] `, which printk puts before each message; `at` where it does not stand. */
export function pastStamp(bytes: Uint8Array, at: number, to: number): number {
  if (bytes[at] !== 91) return at;
  let place = at + 1;
  while (place < to && bytes[place] === 32) place += 1;
  const first = place;
  while (place < to && isDigit(bytes[place] as number)) place += 1;
  // A point, six digits and the bracket.
  if (place === first || place + 9 > to || bytes[place] !== 46 || bytes[place + 7] !== 93 || bytes[place + 8] !== 32) return at;
  for (let digit = place + 1; digit < place + 7; digit += 1) if (!isDigit(bytes[digit] as number)) return at;
  return place + 9;
}

/** Behind `NAME[PID]: `; -1 if none of the names stands at `at`. */
function pastPrograms(bytes: Uint8Array, at: number, to: number, names: readonly string[]): number {
  for (const name of names) {
    const pid = at + name.length + 1;
    if (!holds(bytes, at, to, name) || bytes[pid - 1] !== 91) continue;
    const end = pastDigits(bytes, pid, to);
    return end > pid && holds(bytes, end, to, ']: ') ? end + 3 : -1;
  }
  return -1;
}
