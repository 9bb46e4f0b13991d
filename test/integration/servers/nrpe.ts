import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRun } from '../../../src/kernel/run.ts';
import { eventually, type Server, startServer } from '../server.ts';

export interface Nrpe extends AsyncDisposable {
  readonly port: number;
  /** Asks it over TLS, as Nagios does. */
  call(command: string): Promise<{ readonly exit: number | null; readonly output: string }>;
  log(): string;
}

interface Elsewhere {
  /** Where it listens, and who may ask it there. */
  readonly address: string;
  readonly allowed: string;
  /** Put before an argv, enters the namespace that it runs in. */
  readonly enter: readonly string[];
}

const run = createRun();
const plugin = '/usr/lib/nagios/plugins/check_nrpe';
const here: Elsewhere = { address: '127.0.0.1', allowed: '127.0.0.1', enter: [] };

/** Starts the real NRPE as user nagios, which reads its commands from `folder`/nrpe.d. */
export async function startNrpe(folder: string, port = 5666, { address, allowed, enter }: Elsewhere = here): Promise<Nrpe> {
  mkdirSync(join(folder, 'nrpe.d'), { recursive: true });
  const config = join(folder, 'nrpe.cfg');
  const lines = {
    pid_file: join(folder, 'nrpe.pid'),
    server_address: address,
    server_port: port,
    nrpe_user: 'nagios',
    nrpe_group: 'nagios',
    allowed_hosts: allowed,
    dont_blame_nrpe: 0,
    command_timeout: 30,
    connection_timeout: 60,
    include_dir: join(folder, 'nrpe.d'),
  };
  writeFileSync(
    config,
    Object.entries(lines)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  spawnSync('chown', ['-R', 'nagios:nagios', folder]);
  const server: Server = await startServer([...enter, 'nrpe', '-c', config, '-f'], { logFile: join(folder, 'nrpe.out') });
  const call = async (command: string) => {
    const asked = ['-H', address, '-p', String(port), '-t', '20', ...(command === '' ? [] : ['-c', command])];
    const ran = await run({ argv: [plugin, ...asked], timeoutMs: 30_000 });
    return ran.kind === 'exited'
      ? { exit: ran.status, output: Buffer.from(ran.stdout, 'latin1').toString() }
      : { exit: null, output: ran.kind };
  };
  // A firewall between may keep us from asking.
  const listens = (): boolean => {
    const argv = [`--net=/proc/${server.pid}/ns/net`, 'ss', '-ltnH', `sport = :${port}`];
    return spawnSync('nsenter', argv, { encoding: 'utf8' }).stdout.trim() !== '';
  };
  try {
    await eventually('NRPE to listen', listens);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return { port, call, log: () => server.log(), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
