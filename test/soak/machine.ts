import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRun, type RunResult } from '../../src/kernel/run.ts';

/** A Debian that starts with its own first process, in namespaces of its own: a machine that can be cut off and started again. */
export interface Machine {
  /** A command in it, by `sh -c`; what it printed, both streams. */
  run(command: string): Promise<{ readonly status: number; readonly text: string }>;
  /** As if its power failed. */
  cut(): Promise<void>;
  /** The process id of its first process, seen from here. */
  readonly init: number;
}

const run = createRun();

/** What a machine has as its first process. */
const inits = {
  systemd: '/lib/systemd/systemd --log-target=journal --show-status=no',
  cron: '/usr/sbin/cron -f',
} as const;
export type Init = keyof typeof inits;

/** What the machine is made of, once: a folder that is only read. */
export async function makeRoot(folder: string, init: Init = 'systemd'): Promise<void> {
  const program = init === 'systemd' ? 'usr/lib/systemd/systemd' : 'usr/sbin/cron';
  if (existsSync(join(folder, program))) return;
  if (existsSync(folder)) throw new Error(`${folder} holds no ${program}: take it away, or name another with --root`);
  const packages =
    'systemd,systemd-sysv,dbus,iptables,ipset,iproute2,procps,netfilter-persistent,iptables-persistent,ipset-persistent,nftables,kmod,cron';
  const made = await run({
    argv: ['mmdebstrap', '--variant=minbase', `--include=${packages}`, 'bookworm', folder],
    timeoutMs: 900_000,
  });
  if (made.kind !== 'exited' || made.status !== 0)
    throw new Error(`no Debian could be made: ${made.kind === 'exited' ? made.stderr.slice(-500) : made.kind}`);
}

/**
 * Process 1 until another takes its place: $1 is the Debian, $2 a folder for what the machine writes, which outlives it, $3 this project, $4 who
 * takes its place.
 * Devices are those alone that a machine cannot do without.
 */
const start = `set -e
mount --make-rprivate /
mkdir -p "$2/upper" "$2/work" "$2/machine"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/machine"
cd "$2/machine"
mkdir -p opt/palisade old
mount --bind "$3" opt/palisade
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do : >dev/$name; mount --bind /dev/$name dev/$name; done
for pair in fd: stdin:/0 stdout:/1 stderr:/2; do ln -s "/proc/self/fd\${pair#*:}" "dev/\${pair%%:*}"; done
mkdir dev/shm dev/pts
mount -t tmpfs tmpfs dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
ip link set lo up
pivot_root . old
umount -l /old
exec env -i container=palisade-soak PATH=/usr/sbin:/usr/bin:/sbin:/bin $4
`;

/** Control groups that systemd may fill. */
function makeGroup(): string {
  const top = existsSync('/sys/fs/cgroup/unified') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup';
  const group = join(top, `palisade-soak-${process.pid}`);
  mkdirSync(group, { recursive: true });
  return group;
}

/** Starts it and waits until its first process is there; systemd, until it has done all that it was to do. */
export async function startMachine(root: string, writes: string, project: string, first: Init = 'systemd'): Promise<Machine> {
  const group = makeGroup();
  mkdirSync(writes, { recursive: true });
  writeFileSync(join(writes, 'start.sh'), start);
  const make =
    'echo $$ >"$0/cgroup.procs" && exec unshare --fork --pid --mount --net --uts --ipc --cgroup --kill-child=KILL sh "$@"';
  const holder = spawn('sh', ['-c', make, group, join(writes, 'start.sh'), root, writes, project, inits[first]], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [holder.stdout, holder.stderr]) stream.on('data', (piece: Buffer) => (said += piece.toString()));
  const init = await initOf(holder, first, () => said);
  const inside = (command: string): Promise<RunResult> =>
    run({ argv: ['nsenter', '-t', String(init), '-a', 'sh', '-c', `cd /; ${command}`], timeoutMs: 300_000 });
  const machine: Machine = {
    init,
    async run(command) {
      const result = await inside(command);
      if (result.kind !== 'exited') throw new Error(`${command}: ${result.kind}`);
      return { status: result.status, text: result.stdout + result.stderr };
    },
    async cut() {
      process.kill(init, 'SIGKILL');
      await ended(holder);
      await sleep(200);
      removeGroups(group);
    },
  };
  for (let left = 600; left > 0; left -= 1) {
    if (first === 'cron') return machine;
    const { text } = await machine.run('systemctl is-system-running');
    if (/^(running|degraded)/.test(text)) return machine;
    await sleep(100);
  }
  const { text } = await machine.run('systemctl list-jobs; systemctl --failed');
  throw new Error(`the machine did not come up:\n${text}`);
}

async function initOf(holder: ChildProcess, first: Init, said: () => string): Promise<number> {
  for (let left = 200; left > 0; left -= 1) {
    if (holder.exitCode !== null) throw new Error(`the machine did not start: ${said()}`);
    const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'latin1').trim().split(' ');
    const init = Number(children[0]);
    if (init > 0 && readFileSync(`/proc/${init}/comm`, 'latin1') === `${first}\n`) return init;
    await sleep(50);
  }
  throw new Error(`${first} did not start: ${said()}`);
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

function removeGroups(group: string): void {
  if (!existsSync(group)) return;
  for (const entry of readdirSync(group, { withFileTypes: true })) if (entry.isDirectory()) removeGroups(join(group, entry.name));
  try {
    rmdirSync(group);
  } catch (error) {
    // Somebody is in it still; it holds nothing.
    if (!['EBUSY', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
