import { readFileSync } from 'node:fs';

/** Ticks a second in which the kernel counts for programs; the same on every machine that palisade runs on (USER_HZ). */
const ticks = 100;
const servers = /^(?:sshd|sshd-session|sshd-auth|dropbear|tinysshd|in\.telnetd|telnetd)$/;

/**
 * When the connection began through which somebody runs us, in seconds of uptime: the nearest ancestor that lets people log in.
 * `null` from a console. `sudo` hides SSH_CONNECTION, and not whose child it is.
 */
export function sessionBegan(): number | null {
  return sessionServer()?.began ?? null;
}

/** The process that lets in whoever runs us, and when it began. */
export function sessionServer(): { readonly pid: number; readonly began: number } | null {
  let pid = process.ppid;
  for (let depth = 0; pid > 1 && depth < 64; depth += 1) {
    const stat = statOf(pid);
    if (stat === null) return null;
    if (servers.test(stat.name)) return { pid, began: stat.began / ticks };
    pid = stat.parent;
  }
  return null;
}

/** The address from which somebody runs us, as their shell was told it: `sudo` takes it from us, and not from those whose child we are. */
export function callerAddress(own: string | undefined): string | null {
  let said = own;
  let pid = process.ppid;
  for (let depth = 0; said === undefined && pid > 1 && depth < 64; depth += 1) {
    const stat = statOf(pid);
    if (stat === null) return null;
    said = /(?:^|\0)SSH_CONNECTION=([^\0]*)/.exec(environmentOf(pid))?.[1];
    pid = stat.parent;
  }
  return said?.split(' ')[0] ?? null;
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return '';
    throw error;
  }
}

function statOf(pid: number): { readonly name: string; readonly parent: number; readonly began: number } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { name: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')), parent: Number(fields[1]), began: Number(fields[19]) };
}
