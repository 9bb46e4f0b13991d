import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Run, RunResult } from '../../../kernel/index.ts';
import type { Problem } from '../../../result.ts';
import { startOf } from '../../guard/guard.ts';
import { type Copied, type Copying, uncopied } from './copying.ts';
import type { Destination } from './destination.ts';

type Sftp = Extract<Destination, { kind: 'sftp' }>;

/**
 * By the system's `sftp`, with the keys and hosts that ssh knows: a host that nobody has vouched for is refused, and nobody is ever asked. In
 * the first session the file is put under a name of its own and fetched back; in the second it gets its name, or goes.
 */
export async function copyBySftp(run: Run, to: Sftp, copying: Copying): Promise<Copied | Problem> {
  const { file, name, digest } = copying;
  // ssh would go on with whatever other keys there are, and say that those are refused.
  if (to.identity !== null && !existsSync(to.identity))
    return uncopied(shown(to), 'the private key cannot be read', `see ${to.identity}`);
  const half = `${to.path}/.${name}.half`;
  // A name that whoever writes the next snapshot sweeps away, if this process dies.
  const back = join(dirname(file), `.${process.pid}-${startOf(process.pid)}-${digest.slice(0, 16)}.new`);
  try {
    const put = await session(run, to, copying, [
      `put -f ${quoted(file)} ${quoted(half)}`,
      `get ${quoted(half)} ${quoted(back)}`,
    ]);
    const failure = problemOf(to, put);
    if (failure !== null) return failure;
    if (digestOf(back) !== digest) {
      await session(run, to, copying, [`rm ${quoted(half)}`]);
      const message = 'what was fetched back is not what was put there';
      return uncopied(shown(to), message, 'see whether its disk fails, and who else writes there');
    }
    const named = await session(run, to, copying, [`rename ${quoted(half)} ${quoted(`${to.path}/${name}`)}`]);
    const unnamed = problemOf(to, named);
    return unnamed ?? { where: `${shown(to)}/${name}`, note: null };
  } finally {
    rmSync(back, { force: true });
  }
}

/** Without where the keys lie. */
function shown({ text }: Sftp): string {
  return text.replace(/\?.*$/s, '').replace(/\/+$/, '');
}

function session(run: Run, to: Sftp, { timeoutMs, signal }: Copying, lines: readonly string[]): Promise<RunResult> {
  const { user, host, port, identity, knownHosts } = to;
  const options = [
    'BatchMode=yes',
    'ConnectTimeout=15',
    // A server that stops answering in the middle is given up after 45 seconds.
    'ServerAliveInterval=15',
    'ServerAliveCountMax=3',
    ...(identity === null ? [] : [`IdentityFile=${identity}`, 'IdentitiesOnly=yes']),
    ...(knownHosts === null ? [] : [`UserKnownHostsFile=${knownHosts}`]),
  ];
  return run({
    argv: [
      'sftp',
      ...['-b', '-'],
      ...(port === null ? [] : ['-P', String(port)]),
      ...options.flatMap((option) => ['-o', option]),
      user === null ? host : `${user}@${host}`,
    ],
    input: Buffer.from(`${lines.join('\n')}\n`),
    timeoutMs,
    ...(signal && { signal }),
  });
}

/** One argument of a line, in which no pattern is seen (makeargv in OpenSSH's sftp.c). */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`;
}

function digestOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

type Reason = readonly [said: RegExp, message: string, hint: string];

/** What ssh and sftp say, and what to do. The first that fits counts. */
const reasons = (to: Sftp): readonly Reason[] => {
  const server = `${to.user === null ? '' : `${to.user}@`}${to.host}`;
  const keyscan = `ssh-keyscan ${to.port === null ? '' : `-p ${to.port} `}${to.host.replace(/[[\]]/g, '')}`;
  const known = to.knownHosts ?? '~/.ssh/known_hosts of the user that palisade runs as';
  return [
    [
      /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed/,
      'the server has another key than the one that is known, and may be another server',
      `find out why; if its key was renewed, put the new one into ${known}`,
    ],
    [
      /Host key verification failed|No .* host key is known/,
      'the key of the server is not known here',
      `compare what ${keyscan} prints with the server’s own /etc/ssh/*.pub, and put it into ${known}`,
    ],
    [
      /Permissions .* are too open|bad permissions/,
      'others may read the private key, and ssh does not use it',
      `run chmod 600 ${to.identity ?? 'on it'}`,
    ],
    [
      /Load key .*: (?:No such file|Permission denied|invalid format|error in libcrypto)/,
      'the private key cannot be read',
      `see ${to.identity ?? 'which key ssh uses'}`,
    ],
    [
      /Permission denied \(|Too many authentication failures/,
      'the server lets nobody in with this key',
      `put the public key into ~/.ssh/authorized_keys of ${server}, or name another with ?identity=/PATH`,
    ],
    [/Could not resolve hostname/, 'the name of the server is not known', 'see whether its name is right, and DNS answers'],
    [/Connection refused/, 'nobody listens there', `see whether sshd runs on ${to.host}, on port ${to.port ?? 22}`],
    [
      /No route to host|Network is unreachable|Connection timed out|Operation timed out|port \d+: .*timed out|Timeout, server/,
      'the server does not answer',
      'see whether it runs, and whether the firewalls on the way let you through',
    ],
    [/subsystem request failed/, 'the server has no sftp', 'see Subsystem sftp in its sshd_config'],
    [
      /local .*No space left on device|write local|No space left on device/,
      'there is no room here to fetch it back into, so that nobody can tell what is there',
      'make room in the state folder',
    ],
    [
      /(?:remote open|dest open|rename|stat remote|Couldn't \w+).*No such file or directory|File ".*" not found/,
      'there is no such folder',
      `make ${to.path} on ${to.host}`,
    ],
    [/Permission denied/, 'the right to write there is missing', `see who owns ${to.path} on ${to.host}`],
    [
      /: Failure|write remote|Quota exceeded|No space left/,
      'the server could not write it, as when its disk is full',
      `see whether there is room in ${to.path} on ${to.host}`,
    ],
    [
      /Connection (?:closed|reset)|Broken pipe|kex_exchange_identification/,
      'the server ended the connection',
      `see the log of sshd on ${to.host}`,
    ],
  ];
};

function problemOf(to: Sftp, ran: RunResult): Problem | null {
  const where = shown(to);
  switch (ran.kind) {
    case 'missing':
      return uncopied(where, 'there is no sftp here', 'install openssh-client');
    case 'timeout':
      return uncopied(where, `it took more than ${Math.round(ran.timeoutMs / 1000)} s`, 'see whether the server answers');
    case 'signalled':
    case 'too-large':
      return uncopied(where, `the copying was ended (${ran.kind})`, 'copy it again');
    case 'exited': {
      if (ran.status === 0) return null;
      // Warnings such as that of a host's new key come first.
      const said = ran.stderr.trim();
      const [, message, hint] = reasons(to).find(([form]) => form.test(said)) ?? [];
      const last = said.split('\n').at(-1) ?? '';
      return uncopied(where, message ?? `sftp says: ${last}`, hint ?? 'try the same with sftp by hand');
    }
  }
}
