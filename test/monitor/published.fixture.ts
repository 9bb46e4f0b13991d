import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKernel, type Namespace } from '../../src/kernel/index.ts';
import type { HostState, StateRead } from '../../src/monitor/index.ts';
import type { UpPart } from '../../src/verbs/index.ts';
import { guideCommands } from '../../src/verbs/lab/guide.ts';
import { readPublished } from '../../src/verbs/publishing/read.ts';

const patienceMs = 60_000;

/** A host in a namespace behind a guide's firewall, at whose socket the group `nogroup` may read. */
export interface PublishedHost extends AsyncDisposable {
  readonly namespace: Namespace;
  readonly folder: string;
  readonly socket: string;
  readonly flags: readonly string[];
  /** Runs a tool there, which must do what it is told. */
  tell(...argv: readonly [string, ...string[]]): Promise<string>;
  /** Reads as another user does who is in one group, in a process of his own. */
  readAs(as: { readonly uid: number; readonly gid: number }): Promise<StateRead>;
  up(...more: readonly string[]): Up;
  read(): Promise<StateRead>;
  /** Reads until the state is so, which it must be in a minute at most. */
  until(what: string, isSo: (state: HostState) => boolean): Promise<HostState>;
}

export interface Up extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly heard: readonly UpPart[];
  end(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export async function publishedHost(config = ''): Promise<PublishedHost> {
  const namespace = await createKernel().namespace({ links: [{ name: 'eth0' }] });
  const folder = mkdtempSync(join(tmpdir(), 'palisade-published-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'run'), { mode: 0o755 });
  const socket = join(folder, 'run/state.sock');
  const file = join(folder, 'config.yaml');
  writeFileSync(
    file,
    `publish: { socket: "${socket}", group: nogroup, textfile: "${join(folder, 'palisade.prom')}" }\n${config}`,
  );
  const flags = ['--state', join(folder, 'state'), '--config', file];
  const run = async (argv: readonly [string, ...string[]]) => {
    const ran = await namespace.run({ argv, timeoutMs: patienceMs });
    if (ran.kind !== 'exited') throw new Error(`${argv.join(' ')}: ${ran.kind}`);
    return ran;
  };
  const host: PublishedHost = {
    ...{ namespace, folder, socket, flags },
    async tell(...argv) {
      const { status, stdout, stderr } = await run(argv);
      if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
      return stdout;
    },
    async readAs({ uid, gid }) {
      const script = `import { readPublished } from ${JSON.stringify(resolve('src/verbs/publishing/read.ts'))};
        console.log(JSON.stringify(await readPublished(${JSON.stringify(socket)}, { now: () => Date.now(), timeoutMs: 5000 })));`;
      const read = [process.execPath, '--no-warnings', '--input-type=module', '-e', script] as const;
      return JSON.parse(
        await host.tell('setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--', ...read),
      ) as StateRead;
    },
    up(...more) {
      const [program = '', ...argv] = [...namespace.enter, process.execPath, 'src/daemon/main.ts', 'up'];
      const child = spawn(program, [...argv, '--no-web', '--json', ...flags, ...more], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, ...namespace.env },
      });
      const heard: UpPart[] = [];
      createInterface({ input: child.stdout }).on('line', (line) => heard.push(JSON.parse(line) as UpPart));
      const ended = once(child, 'exit');
      const end = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> => {
        if (child.exitCode === null && child.signalCode === null) child.kill(signal);
        await ended;
      };
      return { child, heard, end, [Symbol.asyncDispose]: () => end('SIGKILL') };
    },
    read: () => readPublished(socket, { now: () => Date.now(), timeoutMs: 5000 }),
    async until(what, isSo) {
      let last: StateRead | null = null;
      for (const end = performance.now() + patienceMs; performance.now() < end; await sleep(50)) {
        last = await host.read();
        if (last.ok && isSo(last.state)) return last.state;
      }
      throw new Error(`${what}: not so in a minute; ${JSON.stringify(last).slice(0, 2000)}`);
    },
    async [Symbol.asyncDispose]() {
      await namespace[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
  for (const argv of guideCommands) await host.tell(...argv);
  return host;
}
