import type { Batch } from '../batch.ts';
import type { LineClock } from '../line-clock.ts';
import { scanKernelLine } from '../scan.ts';
import { holds, pastDigits } from '../span.ts';
import { readSshdMessage } from '../sshd.ts';

/** Of sshd, and of its parts since OpenSSH 9.8. */
const daemons = ['sshd', 'sshd-session', 'sshd-auth'] as const;

/**
 * Reads `HOST PROGRAM: MESSAGE`, as syslog daemons write behind the time. Whose message it is the program's name tells, at its exact
 * place and nowhere else: `kernel[700]:` is a process, and so is every other program, whatever its message holds.
 */
export function readTagged(bytes: Uint8Array, from: number, to: number, batch: Batch, clock: LineClock): boolean {
  let at = from;
  while (at < to && bytes[at] !== 32) at += 1;
  if (at === from) return false;
  at += 1;
  if (holds(bytes, at, to, 'kernel: ')) return scanKernelLine(bytes, pastStamp(bytes, at + 8, to), to, batch);
  const sshd = pastPrograms(bytes, at, to, daemons);
  if (sshd > 0) return readSshdMessage(bytes, sshd, to, batch, clock.tries);
  // ulogd's output plugin SYSLOG.
  const ulogd = pastPrograms(bytes, at, to, ['ulogd']);
  return ulogd > 0 && scanKernelLine(bytes, ulogd, to, batch);
}

/** Behind `[ 123.456789] `, which printk puts before each message; `at` where it does not stand. */
export function pastStamp(bytes: Uint8Array, at: number, to: number): number {
  if (bytes[at] !== 91) return at;
  let place = at + 1;
  while (place < to && bytes[place] === 32) place += 1;
  const dot = pastDigits(bytes, place, to);
  if (dot === place || bytes[dot] !== 46) return at;
  const end = pastDigits(bytes, dot + 1, to);
  return end - dot === 7 && holds(bytes, end, to, '] ') ? end + 2 : at;
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
