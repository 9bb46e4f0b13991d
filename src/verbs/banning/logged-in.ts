import { readFileSync } from 'node:fs';
import type { Session } from '../../model/host/index.ts';

/**
 * Whether somebody has logged in over a connection to a server for logging in, by the processes that hold it: whoever merely connects, and guesses
 * passwords, has one too, and must not be spared for it.
 *
 * OpenSSH names its processes by what they do: `sshd: [accepted]`, then `sshd: anna [priv]` of root with `sshd: anna [net]` of nobody, and once somebody is
 * let in `sshd: anna@pts/0`, of root or beside one of root's; a user who gives his own process such a name has none of root's beside it. Other servers start a
 * program for whoever is let in. Where processes cannot be seen at all, nobody is taken for a stranger.
 */
export function isLoggedIn({ pids }: Pick<Session, 'pids'>): boolean {
  if (pids.length === 0) return true;
  if (!pids.some((pid) => /^Uid:\t0\t/m.test(said(pid, 'status')))) return false;
  const titles = pids.map((pid) => said(pid, 'cmdline').split('\0', 1)[0]?.trimEnd() ?? '');
  if (titles.some((title) => openSsh.test(title))) return titles.some((title) => letIn.test(title));
  return pids.some((pid) => said(pid, `task/${pid}/children`) !== '');
}

const openSsh = /^(?:\S*\/)?sshd(?:-session|-auth)?(?::|$)/;
const letIn = /^sshd(?:-session)?: [^[\]\s]+$/;

/** Empty: it has ended meanwhile. */
function said(pid: number, what: string): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'latin1');
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return '';
    throw error;
  }
}
