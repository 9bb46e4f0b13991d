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

const run = createRun();
const plugin = '/usr/lib/nagios/plugins/check_nrpe';

/** Starts the real NRPE as user nagios, which reads its commands from `folder`/nrpe.d. */
export async function startNrpe(folder: string, port = 5666): Promise<Nrpe> {
  mkdirSync(join(folder, 'nrpe.d'), { recursive: true });
  const config = join(folder, 'nrpe.cfg');
  const lines = {
    pid_file: join(folder, 'nrpe.pid'),
    server_address: '127.0.0.1',
    server_port: port,
    nrpe_user: 'nagios',
    nrpe_group: 'nagios',
    allowed_hosts: '127.0.0.1',
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
  const server: Server = await startServer(['nrpe', '-c', config, '-f'], { logFile: join(folder, 'nrpe.out') });
  const call = async (command: string) => {
    const asked = ['-H', '127.0.0.1', '-p', String(port), '-t', '20', ...(command === '' ? [] : ['-c', command])];
    const ran = await run({ argv: [plugin, ...asked], timeoutMs: 30_000 });
    return ran.kind === 'exited'
      ? { exit: ran.status, output: Buffer.from(ran.stdout, 'latin1').toString() }
      : { exit: null, output: ran.kind };
  };
  await eventually('NRPE to answer', async () => (await call('')).exit === 0);
  return { port, call, log: () => server.log(), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
