import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, startServer } from '../server.ts';

export interface Nrpe extends AsyncDisposable {
  /** What check_nrpe of this namespace exits with and prints. */
  call(command: string): { readonly exit: number; readonly output: string };
}

interface NrpeOptions {
  /** As who asks reaches it. */
  readonly address: string;
  readonly port: number;
  /** Who may ask. */
  readonly allowed: string;
  /** Lines of `command[…]=…`. */
  readonly commands: string;
  /** Put before its argv, enters the namespace that it is to listen in; without, it is this one. */
  readonly enter?: readonly string[];
}

const checkNrpe = '/usr/lib/nagios/plugins/check_nrpe';

/** Starts the real NRPE, and waits until it listens. */
export async function startNrpe(folder: string, { address, port, allowed, commands, enter = [] }: NrpeOptions): Promise<Nrpe> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'nrpe.cfg');
  writeFileSync(
    config,
    [
      ...[`pid_file=${folder}/nrpe.pid`, `log_file=${folder}/nrpe.log`, `server_address=${address}`, `server_port=${port}`],
      ...['nrpe_user=nagios', 'nrpe_group=nagios', `allowed_hosts=127.0.0.1,${allowed}`, 'dont_blame_nrpe=0'],
      ...['command_timeout=30', 'connection_timeout=60', commands, ''],
    ].join('\n'),
  );
  // It takes the rights of nagios by itself, once it listens.
  const server = await startServer([...enter, '/usr/sbin/nrpe', '-c', config, '-f'], { logFile: join(folder, 'nrpe.out') });
  try {
    await eventually('NRPE to listen', () => {
      const { stdout } = spawnSync('nsenter', [`--net=/proc/${server.pid}/ns/net`, 'ss', '-ltnH', `sport = :${port}`], {
        encoding: 'utf8',
      });
      if (stdout.trim() !== '') return true;
      throw new Error(server.log());
    });
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return {
    call(command) {
      const argv = ['-H', address, '-p', String(port), '-t', '15', '-c', command];
      const { status, stdout } = spawnSync(checkNrpe, argv, { encoding: 'utf8', timeout: 20_000 });
      return { exit: status ?? 3, output: stdout };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
