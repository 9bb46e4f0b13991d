import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, type IcingaAnswer } from '../../../src/monitor/icinga/request.ts';
import { makeCertificate } from '../certificates.ts';
import { eventually, startServer } from '../server.ts';

/** How Icinga says that a service stands. */
export interface IcingaService {
  /** 0 to 3. */
  readonly state: number;
  readonly output: string;
  /** Performance data. */
  readonly figures: readonly string[];
  /** Icinga asked for it by itself. */
  readonly active: boolean;
}

export interface Icinga extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The authority of its certificate. */
  readonly ca: string;
  readonly user: string;
  /** The file with the user's password. */
  readonly passwordFile: string;
  /** `null`: there is no such service, or nothing was said of it yet. */
  service(host: string, name: string): Promise<IcingaService | null>;
  log(): string;
}

interface IcingaOptions {
  readonly port: number;
  /** Hosts, services and commands, as `palisade integrate icinga` writes them. */
  readonly objects: string;
  /** Further names and addresses of its certificate: `IP:10.9.0.1`. */
  readonly names?: readonly string[];
}

/** What a configuration has to write with care. */
const password = 'a "secret" \\ word';

/** Everything that Icinga keeps, below `folder`, as options of its commands. Its main file is etc/icinga2.conf, its objects are in etc/conf.d. */
export function icingaOptions(folder: string): readonly string[] {
  const folders = { DataDir: 'data', LogDir: 'log', CacheDir: 'cache', SpoolDir: 'spool', InitRunDir: 'run', ConfigDir: 'etc' };
  const places = Object.entries(folders).map(([key, name]) => `${key}=${join(folder, name)}`);
  return [...places, 'RunAsUser=nagios', 'RunAsGroup=nagios'].flatMap((one) => ['-D', one]);
}

/** Starts the real Icinga 2 with its API on the loopback of this namespace. It runs as nagios, as Debian's does. */
export async function startIcinga(folder: string, { port, objects, names = [] }: IcingaOptions): Promise<Icinga> {
  const at = (path: string): string => join(folder, path);
  for (const path of [
    'data/certs',
    'data/ca',
    'log',
    'cache',
    'spool',
    'run',
    'etc/conf.d',
    'etc/features-enabled',
    'etc/zones.d',
  ])
    mkdirSync(at(path), { recursive: true });
  const { ca, cert, key } = makeCertificate(folder, 'fw', ['DNS:fw', 'IP:127.0.0.1', ...names]);
  writeFileSync(at('password'), `${password}\n`, { mode: 0o600 });
  writeFileSync(
    at('etc/icinga2.conf'),
    `const NodeName = "fw"
const ZoneName = "fw"
const PluginDir = "/usr/lib/nagios/plugins"
include <itl>
include <plugins>
object Endpoint "fw" {}
object Zone "fw" { endpoints = [ "fw" ] }
object CheckerComponent "checker" {}
object ApiListener "api" { bind_host = "127.0.0.1"; bind_port = ${port} }
object ApiUser "palisade" {
  password = ${JSON.stringify(password)}
  permissions = [ "actions/process-check-result", "objects/query/service", "status/query" ]
}
include "conf.d/*.conf"
`,
  );
  writeFileSync(at('etc/conf.d/palisade.conf'), objects);
  must(['cp', ca, at('data/certs/ca.crt')]);
  must(['cp', cert, at('data/certs/fw.crt')]);
  must(['cp', key, at('data/certs/fw.key')]);
  must(['chown', '-R', 'nagios:nagios', ...['data', 'log', 'cache', 'spool', 'run', 'etc'].map(at)]);
  const server = await startServer(['icinga2', 'daemon', '-c', at('etc/icinga2.conf'), ...icingaOptions(folder)], {
    logFile: at('icinga.out'),
    user: 'nagios',
  });
  const url = `https://127.0.0.1:${port}`;
  const access = { url, user: 'palisade', 'password-file': at('password'), ca };
  const get = (path: string, body?: unknown): Promise<IcingaAnswer> => ask(access, 'GET', path, body, AbortSignal.timeout(5000));
  try {
    await eventually('Icinga to answer', async () => {
      const answer = await get('/v1/status/IcingaApplication');
      if (answer.ok && answer.status === 200) return true;
      throw new Error(`${JSON.stringify(answer)}\n${server.log().slice(-2000)}`);
    });
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return {
    ...{ url, port, ca, user: 'palisade', passwordFile: at('password') },
    async service(host, name) {
      const answer = await get('/v1/objects/services', {
        filter: 'host.name == host_asked && service.name == service_asked',
        filter_vars: { host_asked: host, service_asked: name },
        attrs: ['state', 'last_check_result'],
      });
      if (!answer.ok) throw new Error(answer.why);
      const { results = [] } = answer.body as { readonly results?: readonly { readonly attrs: Attributes }[] };
      const [{ attrs } = { attrs: null }] = results;
      if (attrs === null || attrs.last_check_result === null) return null;
      const { output, performance_data: figures, active } = attrs.last_check_result;
      return { state: attrs.state, output, figures: (figures ?? []).map(String), active };
    },
    log: () => server.log(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

interface Attributes {
  readonly state: number;
  readonly last_check_result: {
    readonly output: string;
    readonly performance_data: readonly unknown[] | null;
    readonly active: boolean;
  } | null;
}

function must(argv: readonly string[]): void {
  const [program = '', ...rest] = argv;
  const { status, stderr } = spawnSync(program, rest, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
}
