import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * A network of its own, and files of its own over those of this machine: a program that writes to /etc, /var or /run leaves nothing
 * behind, and its firewall is gone with it.
 */
export interface Machine extends AsyncDisposable {
  /** A process in its namespaces. */
  readonly pid: number;
  /** As links of /proc/PID/ns/net say it. */
  readonly namespace: string;
  /** Before an argv: runs it there. */
  readonly enter: readonly [tool: string, ...args: string[]];
  /** Where a file of the machine is seen from here. */
  seen(path: string): string;
  write(path: string, text: string, mode?: number): void;
  /** Runs a program to its end. @throws {Error} when it ends with anything but 0. */
  run(argv: readonly [string, ...string[]], input?: string): Promise<Took>;
}

/** What a program took; processor time is that of all its processes which it waited for. */
export interface Took {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly stdout: string;
}

export interface MachineOptions {
  /** A folder whose files lie over those of this machine. */
  readonly over?: string;
  /** A folder of this machine that is seen there as /disk: what is written to it is written to a disk. */
  readonly disk?: string;
}

const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', HOME: '/root' };

// What it writes is kept in memory: whatever disk this machine has, who is measured here does not wait for it.
const setUp = `set -eu
mount -t tmpfs none "$1"
mkdir "$1/up" "$1/work" "$1/root"
[ -z "$2" ] || cp -a "$2/." "$1/up/"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/up,workdir=$1/work" "$1/root"
mount --rbind /proc "$1/root/proc"
mount -t sysfs none "$1/root/sys"
mount --bind /dev "$1/root/dev"
mount -t tmpfs none "$1/root/run"
[ -z "$3" ] || { mkdir "$1/root/disk"; mount --bind "$3" "$1/root/disk"; }
ip link set lo up
exec chroot "$1/root" sh -c 'echo ready; exec cat'
`;

// bash reads the clocks of what it waited for; the program itself has the descriptors of the caller.
const clocked = `TIMEFORMAT='%3R %3U %3S'; { time "$@" 2>&4 3>&- 4>&-; } 4>&2 2>&3`;

/** @throws {Error} when this machine lets nobody make one. */
export async function openMachine({ over, disk }: MachineOptions = {}): Promise<Machine> {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-machine-'));
  const holder = spawn(
    'unshare',
    ['-n', '-m', '--propagation', 'private', '--', 'sh', '-c', setUp, 'sh', folder, over ?? '', disk ?? ''],
    { stdio: ['pipe', 'pipe', 'pipe'], env: environment, cwd: '/' },
  );
  const ended = new Promise<void>((resolve) => void holder.once('close', () => resolve()));
  let said = '';
  holder.stderr.setEncoding('utf8').on('data', (data: string) => {
    said += data;
  });
  const isReady = await new Promise<boolean>((resolve) => {
    holder.stdout.once('data', () => resolve(true));
    holder.once('close', () => resolve(false));
    holder.once('error', () => resolve(false));
  });
  const { pid } = holder;
  if (!isReady || pid === undefined) {
    rmSync(folder, { recursive: true });
    throw new Error(`no machine can be made here: ${said.trim() || 'unshare cannot be run'}`);
  }
  const enter = ['nsenter', '-t', String(pid), '-n', '-m', '-r', '-w', '--'] as const;
  const seen = (path: string): string => join(`/proc/${pid}/root`, path);
  return {
    pid,
    namespace: readlinkSync(`/proc/${pid}/ns/net`),
    enter,
    seen,
    write(path, text, mode = 0o644) {
      mkdirSync(dirname(seen(path)), { recursive: true });
      writeFileSync(seen(path), text, { mode });
    },
    run: (argv, input = '') => clock([...enter, 'bash', '-c', clocked, 'bash', ...argv], input),
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

function clock([tool, ...args]: readonly [string, ...string[]], input: string): Promise<Took> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'], env: environment, cwd: '/' });
    const [, out, err, times] = child.stdio;
    const texts = ['', '', ''];
    for (const [index, stream] of [out, err, times].entries())
      stream?.on('data', (data: Buffer) => {
        texts[index] += data.toString('latin1');
      });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    child.on('error', reject);
    child.on('close', (status) => {
      const [stdout = '', stderr = '', told = ''] = texts;
      const [real, user, system] = told.trim().split(' ').map(Number) as [number, number, number];
      if (status !== 0) reject(new Error(`${args.slice(-3).join(' ')} ended with ${status}: ${(stderr + stdout).slice(-1500)}`));
      else resolve({ wallMs: real * 1000, cpuMs: (user + system) * 1000, stdout });
    });
  });
}
