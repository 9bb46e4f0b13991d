import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '../result.ts';
import { type LinkRequest, makeLinks } from './link.ts';
import { NamespaceRefused, refusal, toolMissing } from './refusal.ts';
import type { Run, RunRequest, RunResult } from './run.ts';

/**
 * A throw-away network namespace with its own firewall, links and sockets.
 *
 * It is held by one `cat` whose standard input is a pipe of ours: the namespace is gone when it is disposed of, and also
 * when palisade is killed in any way. Tools inside see the host's files and processes; beware of `/sys/class/net`,
 * which still shows the host's links.
 */
export interface Namespace extends AsyncDisposable {
  /** Of the process that holds it; `/proc/PID/ns/net` is the namespace. */
  readonly pid: number;
  /** Put before an argv, enters it. Valid until disposal. It can never lead into another namespace, even if `pid` is used again. */
  readonly enter: readonly [tool: string, ...args: string[]];
  /** What tools inside need: a lock of their own for iptables-legacy, whose usual one is shared by the whole host. */
  readonly env: Readonly<Record<string, string>>;
  /** As {@link Run}, inside. */
  run(request: RunRequest): Promise<RunResult>;
}

export interface NamespaceOptions {
  /** Made before it is handed out, all of them up; the loopback link is always there and up. */
  readonly links?: readonly LinkRequest[];
  /** Nothing is made or brought up, loopback neither: the caller does it all in one go. */
  readonly bare?: boolean;
  /**
   * Another namespace that this one shall be a neighbour of. Without root, only neighbours (which share one user
   * namespace) can be linked with each other. As root all are.
   */
  readonly beside?: Namespace;
}

const startMs = 5000;

/** O_TMPFILE, which Node has no name for (include/uapi/asm-generic/fcntl.h): its own bit and O_DIRECTORY. */
const temporary = 0o20000000 | constants.O_DIRECTORY;

/** Of each namespace of ours that has a user namespace of its own: how to enter that one alone. */
const userNamespaces = new WeakMap<Namespace, readonly string[]>();

/** @throws {NamespaceRefused} with the reason and what to do, when the host allows none. */
export async function makeNamespace(run: Run, options: NamespaceOptions = {}): Promise<Namespace> {
  const held = await hold(options.beside);
  try {
    const namespace = describe(run, held, options.beside);
    if (options.bare !== true) await makeLinks(namespace, options.links ?? []);
    return namespace;
  } catch (error) {
    await held.release();
    throw error;
  }
}

interface Held {
  readonly pid: number;
  readonly net: number;
  readonly user: number | null;
  release(): Promise<void>;
}

function describe(run: Run, held: Held, beside: Namespace | undefined): Namespace {
  // Paths through our own descriptors pin the very namespaces that were made.
  const through = (descriptor: number): string => `/proc/${process.pid}/fd/${descriptor}`;
  const user =
    held.user !== null
      ? [`--user=${through(held.user)}`, '--preserve-credentials']
      : (beside && userNamespaces.get(beside)) || [];
  const enter = ['nsenter', `--net=${through(held.net)}`, ...user, '--'] as const;
  const env = { XTABLES_LOCKFILE: `/proc/${held.pid}/fd/3` };
  const namespace: Namespace = {
    pid: held.pid,
    enter,
    env,
    async run(request) {
      const [tool] = request.argv;
      const result = await run({ ...request, argv: [...enter, ...request.argv], env: { ...env, ...request.env } });
      if (result.kind === 'exited') {
        // nsenter(1) exits with 127 when the program is not there.
        const absent = result.status === 127 && result.stderr.startsWith(`nsenter: failed to execute ${tool}: No such file`);
        return absent ? { kind: 'missing', tool } : result;
      }
      return result.kind === 'missing' ? result : { ...result, tool };
    },
    [Symbol.asyncDispose]: () => held.release(),
  };
  if (user.length > 0) userNamespaces.set(namespace, user);
  return namespace;
}

/** As root first a network namespace alone; where that is refused, and for others, one in a user namespace of its own. */
async function hold(beside: Namespace | undefined): Promise<Held> {
  const neighbour = beside && userNamespaces.get(beside);
  if (neighbour !== undefined) return holdBy(['nsenter', ...neighbour, '--', 'unshare', '-n'], false);
  if (process.geteuid?.() === 0) {
    try {
      return await holdBy(['unshare', '-n'], false);
    } catch (error) {
      if (!(error instanceof NamespaceRefused)) throw error;
    }
  }
  // In two steps, not by `-rn`: a network namespace made before its user namespace has an owner keeps files that nobody
  // may read, /proc/net/ip_tables_names among them, without which iptables-legacy-save fails.
  return holdBy(['unshare', '-r', '--', 'unshare', '-n'], true);
}

async function holdBy(make: readonly [string, ...string[]], ownUser: boolean): Promise<Held> {
  const [tool, ...args] = make;
  const lock = nameless();
  const holder = spawn(tool, [...args, '--', 'cat'], {
    cwd: '/',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    // Ctrl-C in a terminal reaches the whole foreground group; what we hold must outlive it until we let go.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', lock],
  });
  closeSync(lock);
  const { stdin } = holder;
  if (stdin === null) throw new Error('the holder of a namespace has no standard input');
  // The holder may end before it reads; that is said by its exit.
  stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    holder.once('exit', () => resolve());
    holder.once('error', () => resolve());
  });
  const problem = await ready(holder);
  const { pid } = holder;
  if (problem !== undefined || pid === undefined) {
    stdin.destroy();
    holder.kill('SIGKILL');
    await ended;
    throw new NamespaceRefused(problem ?? toolMissing(tool));
  }
  // Neither the holder nor its pipes keep our event loop alive: when we end, so do they.
  holder.unref();
  for (const stream of [stdin, holder.stdout, holder.stderr]) if (stream instanceof Socket) stream.unref();
  const net = openSync(`/proc/${pid}/ns/net`, 'r');
  const user = ownUser ? openSync(`/proc/${pid}/ns/user`, 'r') : null;
  let released: Promise<void> | undefined;
  const release = async (): Promise<void> => {
    stdin.end();
    const killer = setTimeout(() => holder.kill('SIGKILL'), 1000);
    holder.ref();
    await ended;
    clearTimeout(killer);
    closeSync(net);
    if (user !== null) closeSync(user);
  };
  return {
    pid,
    net,
    user,
    release() {
      released ??= release();
      return released;
    },
  };
}

/** A byte that comes back says that `cat` runs, and so that the namespace is made. */
function ready(holder: ChildProcess): Promise<Problem | undefined> {
  return new Promise((resolve) => {
    let said = '';
    holder.stderr?.on('data', (piece: Buffer) => {
      said = (said + piece.toString('latin1')).slice(-4096);
    });
    const timer = setTimeout(() => resolve(refusal(`no answer within ${startMs / 1000} s`, readSetting)), startMs);
    const settle = (problem: Problem | undefined): void => {
      clearTimeout(timer);
      resolve(problem);
    };
    holder.once('error', () => settle(toolMissing(holder.spawnfile)));
    holder.once('close', () => settle(refusal(said, readSetting)));
    holder.stdout?.once('data', () => {
      // Never hand out our own namespace, whatever a tool on PATH did or did not do.
      const same = readlinkSync(`/proc/${holder.pid}/ns/net`) === readlinkSync('/proc/self/ns/net');
      settle(same ? refusal(`${holder.spawnfile} made none`, readSetting) : undefined);
    });
    holder.stdin?.write('\n');
  });
}

/** A file for iptables-legacy to lock, which has no name: nothing is left behind however and whenever we end. */
function nameless(): number {
  try {
    return openSync(tmpdir(), temporary | constants.O_RDWR, 0o600);
  } catch (error) {
    // open(2): a file system that cannot make such files says one of these.
    if (!['EOPNOTSUPP', 'EISDIR', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  const folder = mkdtempSync(join(tmpdir(), 'palisade-'));
  try {
    return openSync(join(folder, 'lock'), 'w+', 0o600);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readSetting(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM') return undefined;
    throw error;
  }
}
