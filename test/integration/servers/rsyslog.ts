import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from '../certificates.ts';
import { eventually, startServer } from '../server.ts';
import { answers } from './smtp.ts';

/** One message as rsyslog has understood it. */
export interface Understood {
  readonly host: string;
  readonly app: string;
  readonly msgid: string;
  readonly severity: string;
  /** `[id k="v"]`, or `-`. */
  readonly data: string;
  readonly msg: string;
}

export interface Rsyslog extends AsyncDisposable {
  readonly tcp: number;
  readonly udp: number;
  readonly tls: number;
  readonly ca: string;
  /** All that has arrived, in order. */
  messages(): readonly Understood[];
}

/** Starts the real rsyslogd, which takes messages over UDP, TCP and TLS on all addresses of this namespace and writes down what it understood. */
export async function startRsyslog(folder: string, port: number, names: readonly string[] = []): Promise<Rsyslog> {
  mkdirSync(join(folder, 'work'), { recursive: true });
  const { ca, cert, key } = makeCertificate(folder, 'syslog', ['IP:127.0.0.1', ...names]);
  const out = join(folder, 'messages.jsonl');
  const field = (name: string, property: string): string => `property(outname="${name}" name="${property}" format="jsonf")`;
  const config = `global(workDirectory="${join(folder, 'work')}" maxMessageSize="64k"
  defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="${ca}" defaultNetstreamDriverCertFile="${cert}" defaultNetstreamDriverKeyFile="${key}")
module(load="imudp")
module(load="imtcp")
input(type="imudp" address="0.0.0.0" port="${port}")
input(type="imtcp" address="0.0.0.0" port="${port}")
input(type="imtcp" address="0.0.0.0" port="${port + 1}" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="understood" type="list" option.jsonf="on") {
  ${field('host', 'hostname')} ${field('app', 'app-name')} ${field('msgid', 'msgid')} ${field('severity', 'syslogseverity-text')}
  ${field('data', 'structured-data')} ${field('msg', 'msg')}
}
*.* action(type="omfile" file="${out}" template="understood")
`;
  const file = join(folder, 'rsyslog.conf');
  writeFileSync(file, config);
  const pid = join(folder, 'rsyslog.pid');
  const server = await startServer(['rsyslogd', '-n', '-f', file, '-i', pid], { logFile: join(folder, 'rsyslog.log') });
  await eventually('rsyslog to listen', async () => (await answers(port)) && (await answers(port + 1)));
  return {
    tcp: port,
    udp: port,
    tls: port + 1,
    ca,
    messages() {
      if (!existsSync(out)) return [];
      const lines = readFileSync(out, 'utf8').split('\n');
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Understood);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
