import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A real journald with a journal of its own, to which a pipe is the kernel. */
export interface Journald extends AsyncDisposable {
  /** Its journals, for `journalctl --directory`. */
  readonly journals: string;
  /** Records as /dev/kmsg has them, without their ends. Resolves when they are on their way; waits while journald is slow. */
  log(records: readonly string[]): Promise<void>;
  /** A message by syslog's socket, from a program of this name; not the kernel. */
  say(tag: string, text: string): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

const journald = '/lib/systemd/systemd-journald';

/** Everything that it would write to, and the kernel's log, is a folder's, in a mount namespace of its own. */
const begin = `set -e
mount --make-rprivate /
mount --bind "$1/run" /run
mkdir -p /run/systemd/journal /run/log/journal
: >/run/systemd/journal/flushed
mount --bind "$1/log" /var/log
mount --bind "$1/kmsg" /dev/kmsg
mount --bind "$1/journald.conf" /etc/systemd/journald.conf
exec ${journald}
`;

/** Each line of its input is one record: in packet mode (pipe(2), O_DIRECT) a read gives one, as one of /dev/kmsg does. */
const feeder = `use Fcntl; open(my $pipe, "+<", $ARGV[0]) or die; fcntl($pipe, F_SETFL, fcntl($pipe, F_GETFL, 0) | 040000) or die;
while (<STDIN>) { syswrite($pipe, $_) == length($_) or die }`;

/** Whether one can be had here. */
export function hasJournald(): boolean {
  return (
    process.geteuid?.() === 0 &&
    process.arch === 'x64' &&
    existsSync(journald) &&
    existsSync('/etc/systemd/journald.conf') &&
    spawnSync('unshare', ['-m', 'sh', '-c', 'mount --make-rprivate / && mount -t tmpfs tmpfs /run']).status === 0 &&
    spawnSync('journalctl', ['--version']).status === 0 &&
    spawnSync('perl', ['-MFcntl', '-e', '1']).status === 0
  );
}

/** @param settings of journald.conf(5), a line each. */
export async function startJournald(folder: string, settings: readonly string[] = []): Promise<Journald> {
  for (const name of ['run', 'log', 'log/journal']) mkdirSync(join(folder, name), { recursive: true });
  const pipe = join(folder, 'kmsg');
  execFileSync('mkfifo', [pipe]);
  writeFileSync(
    join(folder, 'journald.conf'),
    `[Journal]\nStorage=persistent\nReadKMsg=yes\nSeal=no\nForwardToSyslog=no\nForwardToWall=no\n${settings.join('\n')}\n`,
  );
  const fed = spawn('perl', ['-e', feeder, pipe], { stdio: ['pipe', 'ignore', 'inherit'] });
  let daemon: ChildProcess | null = null;
  const found: Journald = {
    journals: join(folder, 'log/journal'),
    log: (records) =>
      new Promise((resolve) => {
        fed.stdin.write(records.map((record) => `${record}\n`).join(''), () => resolve());
      }),
    say(tag, text) {
      execFileSync('nsenter', ['-t', String(daemon?.pid), '-m', 'logger', '-u', '/run/systemd/journal/dev-log', '-t', tag, text]);
    },
    async stop() {
      if (daemon === null) return;
      const ended = new Promise((resolve) => daemon?.once('exit', resolve));
      daemon.kill();
      await ended;
      daemon = null;
    },
    async start() {
      // It ends with us, however we end.
      const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', '-m', 'sh', '-c', begin, 'sh', folder], {
        stdio: ['ignore', 'ignore', 'inherit'],
        // What it says itself would go to the kernel's log, which is a pipe here that it alone empties: full, it would wait for itself.
        env: { ...process.env, SYSTEMD_LOG_TARGET: 'null' },
      });
      daemon = child;
      const has = (): boolean => readFileSync(`/proc/${child.pid}/comm`, 'latin1').startsWith('systemd-journal');
      for (let left = 200; left > 0 && !(has() && existsSync(`/proc/${child.pid}/root/run/systemd/journal/dev-log`)); left -= 1)
        await sleep(10);
    },
    async [Symbol.asyncDispose]() {
      fed.kill();
      await found.stop();
    },
  };
  await found.start();
  return found;
}
