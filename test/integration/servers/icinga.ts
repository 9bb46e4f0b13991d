import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, type IcingaAccess } from '../../../src/monitor/icinga/index.ts';
import { makeCertificate } from '../certificates.ts';
import { eventually, startServer } from '../server.ts';

/** How Icinga says that a service stands. */
export interface IcingaService {
  readonly state: number;
  readonly output: string;
  readonly perfdata: readonly string[];
  /** It was asked for by Icinga itself. */
  readonly active: boolean;
}

export interface Icinga extends AsyncDisposable {
  /** With the user of reports. */
  readonly access: IcingaAccess;
  service(host: string, name: string): Promise<IcingaService | null>;
  log(): string;
}

const password = 'a "secret" \\ word';

/** Everything that Icinga keeps, below `folder`, as options of its commands. */
export function icingaOptions(folder: string): readonly string[] {
  const folders = { DataDir: 'data', LogDir: 'log', CacheDir: 'cache', SpoolDir: 'spool', InitRunDir: 'run', ConfigDir: 'etc' };
  const constants = [
    ...Object.entries(folders).map(([key, name]) => `${key}=${join(folder, name)}`),
    'RunAsUser=nagios',
    'RunAsGroup=nagios',
  ];
  return constants.flatMap((one) => ['-D', one]);
}

/** Its main file, with an API whose user may report and read, and a folder conf.d for objects. Nothing else is included. */
export function configureIcinga(
  folder: string,
  port = 5665,
): { readonly config: string; readonly objects: string; readonly access: IcingaAccess } {
  const at = (path: string): string => join(folder, path);
  for (const path of ['data/certs', 'data/ca', 'log', 'cache', 'spool', 'run', 'etc/conf.d', 'etc/zones.d']) {
    mkdirSync(at(path), { recursive: true });
  }
  const certificate = makeCertificate(folder, 'node', ['DNS:node', 'IP:127.0.0.1']);
  copyFileSync(certificate.ca, at('data/certs/ca.crt'));
  copyFileSync(certificate.cert, at('data/certs/node.crt'));
  copyFileSync(certificate.key, at('data/certs/node.key'));
  writeFileSync(
    at('etc/icinga2.conf'),
    `const NodeName = "node"
const ZoneName = "node"
const PluginDir = "/usr/lib/nagios/plugins"
include <itl>
include <plugins>
object Endpoint "node" { }
object Zone "node" { endpoints = [ "node" ] }
object CheckerComponent "checker" { }
object ApiListener "api" {
  bind_host = "127.0.0.1"
  bind_port = ${port}
}
object ApiUser "palisade" {
  password = ${JSON.stringify(password)}
  permissions = [ "actions/process-check-result", "actions/reschedule-check", "objects/query/service", "status/query" ]
}
include_recursive "conf.d"
`,
  );
  writeFileSync(at('password'), `${password}\n`, { mode: 0o600 });
  const access = { url: `https://127.0.0.1:${port}`, user: 'palisade', 'password-file': at('password'), ca: certificate.ca };
  return { config: at('etc/icinga2.conf'), objects: at('etc/conf.d'), access };
}

/** Starts the real Icinga 2 on what {@link configureIcinga} and the test have written. */
export async function startIcinga(folder: string, access: IcingaAccess): Promise<Icinga> {
  spawnSync('chown', [
    '-R',
    'nagios:nagios',
    ...['data', 'log', 'cache', 'spool', 'run', 'etc'].map((path) => join(folder, path)),
  ]);
  const config = join(folder, 'etc/icinga2.conf');
  const server = await startServer(['icinga2', 'daemon', '-c', config, ...icingaOptions(folder)], {
    logFile: join(folder, 'icinga.out'),
  });
  const asked = (method: 'GET' | 'POST', path: string, body?: object) =>
    ask(access, method, path, body, AbortSignal.timeout(10_000));
  await eventually('Icinga to answer', async () => {
    const answer = await asked('GET', '/v1/status/IcingaApplication');
    return answer.ok && answer.status === 200;
  });
  return {
    access,
    async service(host, name) {
      const filter = { filter: 'host.name == h && service.name == s', filter_vars: { h: host, s: name } };
      const answer = await asked('GET', '/v1/objects/services', { ...filter, attrs: ['state', 'last_check_result'] });
      if (!answer.ok) throw new Error(answer.why);
      const { results = [] } = answer.body as { results?: readonly { readonly attrs: Attributes }[] };
      const attributes = results[0]?.attrs;
      if (attributes === undefined || attributes.last_check_result === null) return null;
      const { output, performance_data: perfdata, active } = attributes.last_check_result;
      return { state: attributes.state, output, perfdata: perfdata ?? [], active };
    },
    log: () => server.log(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

interface Attributes {
  readonly state: number;
  readonly last_check_result: {
    readonly output: string;
    readonly performance_data: readonly string[] | null;
    readonly active: boolean;
  } | null;
}
