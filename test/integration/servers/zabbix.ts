import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type Server, startServer } from '../server.ts';
import { schemaOf, seedOf } from './zabbix-seed.ts';

export interface Zabbix extends AsyncDisposable {
  /** Of the API. */
  readonly url: string;
  /** Where the server takes values. */
  readonly port: number;
  /** What a method of the API answers, asked by an administrator. */
  api<T = unknown>(method: string, params: unknown): Promise<T>;
  /** What the server has written. */
  log(): string;
}

interface ZabbixOptions {
  readonly port?: number;
  readonly webPort?: number;
  /** Further lines of the server's own configuration. */
  readonly settings?: readonly string[];
}

const packages = '/usr/share/zabbix-server-pgsql';
const postgres = '/usr/lib/postgresql/15/bin';

/** The users of Debian's packages. */
function idsOf(user: string): { readonly uid: number; readonly gid: number } {
  const ask = (flag: string): number => Number(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout);
  return { uid: ask('-u'), gid: ask('-g') };
}

/**
 * Starts the real Zabbix server with a PostgreSQL and the frontend's API: some seven seconds. The administrator is Admin with the password zabbix.
 * All of it lies under `folder`, which other users must be able to pass through.
 */
export async function startZabbix(
  folder: string,
  { port = 10051, webPort = 8089, settings = [] }: ZabbixOptions = {},
): Promise<Zabbix> {
  const started: Server[] = [];
  // The last that was started ends first: a server without its database waits for it.
  const end = async (): Promise<void> => {
    for (const server of started.toReversed()) await server[Symbol.asyncDispose]();
  };
  try {
    chmodSync(folder, 0o755);
    const database = await startDatabase(folder);
    started.push(database.server);
    const sockets = ownedFolder(folder, 'zabbix', 'zabbix');
    const config = join(folder, 'zabbix_server.conf');
    writeFileSync(config, [serverSettings(database.socket, sockets, port), ...settings, ''].join('\n'));
    started.push(
      await startServer(['zabbix_server', '-f', '-c', config], { logFile: join(folder, 'server.out'), user: 'zabbix' }),
    );
    const log = join(sockets, 'server.log');
    started.push(await startFrontend(folder, database.socket, port, webPort));
    const url = `http://127.0.0.1:${webPort}/api_jsonrpc.php`;
    await eventually('the API to answer', async () => (await ask(url, 'apiinfo.version', [], null)) !== undefined);
    const token = await ask<string>(url, 'user.login', { username: 'Admin', password: 'zabbix' }, null);
    await eventually('the server to listen', () => listens(port));
    return {
      ...{ url, port },
      api: <T>(method: string, params: unknown) => ask<T>(url, method, params, token),
      log: () => spawnSync('cat', [log, join(folder, 'server.out')], { encoding: 'utf8' }).stdout,
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function ownedFolder(folder: string, name: string, user: string): string {
  const path = join(folder, name);
  const { uid, gid } = idsOf(user);
  mkdirSync(path, { recursive: true });
  chownSync(path, uid, gid);
  return path;
}

async function startDatabase(folder: string): Promise<{ readonly server: Server; readonly socket: string }> {
  const data = ownedFolder(folder, 'postgres', 'postgres');
  chmodSync(data, 0o700);
  const socket = ownedFolder(folder, 'sql', 'postgres');
  asPostgres(data, ['initdb', '-D', data, '-A', 'trust', '-U', 'zabbix', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']);
  const server = await startServer(
    [
      ...[`${postgres}/postgres`, '-D', data, '-c', 'listen_addresses=', '-c', `unix_socket_directories=${socket}`],
      // Nothing of it is kept.
      ...['-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off'],
    ],
    { logFile: join(folder, 'postgres.log'), user: 'postgres', cwd: data },
  );
  try {
    const run = (base: string, sql: string): void =>
      asPostgres(data, ['psql', '-q', '-v', 'ON_ERROR_STOP=1', '-h', socket, '-U', 'zabbix', '-d', base], sql);
    await eventually('PostgreSQL to take statements', () => {
      run('postgres', 'select 1');
      return true;
    });
    run('postgres', 'create database zabbix');
    run('zabbix', schemaOf(packages));
    run('zabbix', seedOf(packages));
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return { server, socket };
}

function asPostgres(cwd: string, [program = '', ...rest]: readonly string[], input = ''): void {
  const argv = ['--reuid=postgres', '--regid=postgres', '--init-groups', '--', `${postgres}/${program}`, ...rest];
  const { status, stderr } = spawnSync('setpriv', argv, { cwd, input, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
}

function serverSettings(database: string, folder: string, port: number): string {
  return [
    ...['ListenIP=127.0.0.1', `ListenPort=${port}`, `LogFile=${folder}/server.log`, `PidFile=${folder}/server.pid`],
    ...[`SocketDir=${folder}`, `DBHost=${database}`, 'DBName=zabbix', 'DBUser=zabbix'],
    // What is changed by the API holds a second later.
    ...['CacheUpdateFrequency=1', 'HousekeepingFrequency=0'],
    ...['StartPollers=1', 'StartPollersUnreachable=1', 'StartTrappers=2', 'StartPreprocessors=1', 'StartPingers=0'],
    ...['StartDiscoverers=0', 'StartHTTPPollers=0', 'StartLLDProcessors=1', 'StartEscalators=1', 'StartAlerters=1'],
    ...['StartDBSyncers=1', 'StartODBCPollers=0', 'StartReportWriters=0', ''],
  ].join('\n');
}

/** The frontend reads /etc/zabbix/zabbix.conf.php and nothing else: it gets an /etc/zabbix of its own, in a mount namespace that nobody else sees. */
async function startFrontend(folder: string, database: string, port: number, webPort: number): Promise<Server> {
  const etc = join(folder, 'etc-zabbix');
  mkdirSync(etc, { recursive: true });
  const settings = { SERVER: database, PORT: '5432', DATABASE: 'zabbix', USER: 'zabbix', PASSWORD: '', SCHEMA: '' };
  const plain = { KEY_FILE: '', CERT_FILE: '', CA_FILE: '', CIPHER_LIST: '', VAULT_URL: '', VAULT_DB_PATH: '', VAULT_TOKEN: '' };
  writeFileSync(
    join(etc, 'zabbix.conf.php'),
    [
      "<?php\n$DB['TYPE'] = 'POSTGRESQL';",
      ...Object.entries({ ...settings, ...plain }).map(([name, value]) => `$DB['${name}'] = '${value}';`),
      "$DB['ENCRYPTION'] = false; $DB['VERIFY_HOST'] = false; $DB['DOUBLE_IEEE754'] = true;",
      `$ZBX_SERVER = '127.0.0.1'; $ZBX_SERVER_PORT = '${port}'; $ZBX_SERVER_NAME = 'test'; $IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;\n`,
    ].join('\n'),
  );
  const limits = {
    memory_limit: '256M',
    max_execution_time: '300',
    max_input_time: '300',
    post_max_size: '32M',
    'date.timezone': 'UTC',
  };
  const php = Object.entries({ ...limits, 'session.save_path': '/tmp' }).map(([name, value]) => `-d ${name}=${value}`);
  // The shell becomes PHP: one process, which is ended as any other.
  const script = [
    `mount --bind ${etc} /etc/zabbix`,
    `exec setpriv --reuid=www-data --regid=www-data --clear-groups -- php ${php.join(' ')} -S 127.0.0.1:${webPort}`,
  ].join(' && ');
  return startServer(['unshare', '-m', '--propagation', 'private', 'sh', '-c', script], {
    logFile: join(folder, 'php.out'),
    cwd: '/usr/share/zabbix',
  });
}

async function ask<T>(url: string, method: string, params: unknown, auth: string | null): Promise<T> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json-rpc' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params, ...(auth !== null && { auth }) }),
  });
  const { result, error } = (await answer.json()) as { result?: T; error?: { message: string; data: string } };
  if (error !== undefined) throw new Error(`${method}: ${error.message} ${error.data}`);
  return result as T;
}

function listens(port: number): boolean {
  return spawnSync('ss', ['-ltnH', `sport = :${port}`], { encoding: 'utf8' }).stdout !== '';
}
