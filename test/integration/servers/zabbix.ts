import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type Server, startServer } from '../server.ts';
import { type Home, thisMachine } from './zabbix-home.ts';
import { schemaOf, seedOf } from './zabbix-seed.ts';

export interface Zabbix extends AsyncDisposable {
  /** Of the API. */
  readonly url: string;
  /** Such as 6.0.14. */
  readonly version: string;
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
  /** Where its programs are; this machine unless said. */
  readonly home?: Home;
}

/**
 * Starts the real Zabbix server with a PostgreSQL and the frontend's API: some seven seconds. The administrator is Admin with the password zabbix.
 * All of it lies under `folder`, which other users must be able to pass through.
 */
export async function startZabbix(
  folder: string,
  { port = 10051, webPort = 8089, settings = [], home = thisMachine }: ZabbixOptions = {},
): Promise<Zabbix> {
  const started: Server[] = [];
  // The last that was started ends first: a server without its database waits for it.
  const end = async (): Promise<void> => {
    for (const server of started.toReversed()) await server[Symbol.asyncDispose]();
  };
  try {
    chmodSync(folder, 0o755);
    const database = await startDatabase(folder, home);
    started.push(database.server);
    const sockets = ownedFolder(folder, 'zabbix', home.idOf('zabbix'));
    const config = join(folder, 'zabbix_server.conf');
    writeFileSync(config, [serverSettings(database.socket, sockets, port), ...settings, ''].join('\n'));
    started.push(
      await startServer(home.argv('zabbix', ['zabbix_server', '-f', '-c', config]), { logFile: join(folder, 'server.out') }),
    );
    const log = join(sockets, 'server.log');
    started.push(await startFrontend({ folder, home, database: database.socket, port, webPort }));
    const url = `http://127.0.0.1:${webPort}/api_jsonrpc.php`;
    const version = await eventually('the API to answer', () => ask<string>(url, 'apiinfo.version', [], null));
    const token = await ask<string>(url, 'user.login', { username: 'Admin', password: 'zabbix' }, null);
    await eventually('the server to listen', () => listens(port));
    return {
      ...{ url, port, version },
      api: <T>(method: string, params: unknown) => ask<T>(url, method, params, token),
      log: () => spawnSync('cat', [log, join(folder, 'server.out')], { encoding: 'utf8' }).stdout,
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function ownedFolder(folder: string, name: string, { uid, gid }: { readonly uid: number; readonly gid: number }): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  chownSync(path, uid, gid);
  return path;
}

async function startDatabase(folder: string, home: Home): Promise<{ readonly server: Server; readonly socket: string }> {
  const owner = home.idOf('postgres');
  const data = ownedFolder(folder, 'postgres', owner);
  chmodSync(data, 0o700);
  const socket = ownedFolder(folder, 'sql', owner);
  const run = (program: string, argv: readonly string[], input = ''): void => {
    const [first = '', ...rest] = home.argv('postgres', [`${home.postgres}/${program}`, ...argv], { cwd: data });
    const { status, stderr } = spawnSync(first, rest, { input, encoding: 'utf8', maxBuffer: 2 ** 26 });
    if (status !== 0) throw new Error(`${program}: ${stderr}`);
  };
  run('initdb', ['-D', data, '-A', 'trust', '-U', 'zabbix', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']);
  const flags = [
    'listen_addresses=',
    `unix_socket_directories=${socket}`,
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
  ];
  const server = await startServer(
    home.argv('postgres', [`${home.postgres}/postgres`, '-D', data, ...flags.flatMap((flag) => ['-c', flag])], { cwd: data }),
    { logFile: join(folder, 'postgres.log') },
  );
  try {
    const ask = (base: string, sql: string): void =>
      run('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-h', socket, '-U', 'zabbix', '-d', base], sql);
    await eventually('PostgreSQL to take statements', () => {
      ask('postgres', 'select 1');
      return true;
    });
    ask('postgres', 'create database zabbix');
    ask('zabbix', schemaOf(home.sql));
    ask('zabbix', seedOf(home.sql));
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return { server, socket };
}

function serverSettings(database: string, folder: string, port: number): string {
  return [
    ...['ListenIP=127.0.0.1', `ListenPort=${port}`, `LogFile=${folder}/server.log`, `PidFile=${folder}/server.pid`],
    ...[`SocketDir=${folder}`, `DBHost=${database}`, 'DBName=zabbix', 'DBUser=zabbix'],
    // What is changed by the API holds a second later.
    ...['CacheUpdateFrequency=1', 'HousekeepingFrequency=0'],
    // A machine that is busy with other tests starts plugins slowly.
    'Timeout=30',
    ...['StartPollers=1', 'StartPollersUnreachable=1', 'StartTrappers=2', 'StartPreprocessors=1', 'StartPingers=0'],
    ...['StartDiscoverers=0', 'StartHTTPPollers=0', 'StartLLDProcessors=1', 'StartEscalators=1', 'StartAlerters=1'],
    ...['StartDBSyncers=1', 'StartODBCPollers=0', 'StartReportWriters=0', ''],
  ].join('\n');
}

interface Frontend {
  readonly folder: string;
  readonly home: Home;
  readonly database: string;
  readonly port: number;
  readonly webPort: number;
}

/** The frontend reads /etc/zabbix/zabbix.conf.php and nothing else: it gets an /etc/zabbix of its own, in a mount namespace that nobody else sees. */
async function startFrontend({ folder, home, database, port, webPort }: Frontend): Promise<Server> {
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
  const php = Object.entries({ ...limits, 'session.save_path': '/tmp' }).flatMap(([name, value]) => ['-d', `${name}=${value}`]);
  return startServer(home.argv('www-data', ['php', ...php, '-S', `127.0.0.1:${webPort}`], { cwd: '/usr/share/zabbix', etc }), {
    logFile: join(folder, 'php.out'),
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
