import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { StateRead } from '../../src/monitor/index.ts';
import { icinga as icingaIntegration } from '../../src/verbs/integrating/icinga.ts';
import { nagios as nagiosIntegration } from '../../src/verbs/integrating/nagios.ts';
import { nrpe as nrpeIntegration } from '../../src/verbs/integrating/nrpe.ts';
import { zabbix as zabbixIntegration } from '../../src/verbs/integrating/zabbix.ts';
import { guideCommands, labLogGroup } from '../../src/verbs/lab/guide.ts';
import { readPublished } from '../../src/verbs/publishing/index.ts';
import { integrationContext } from './ground.fixture.ts';
import { makeNetwork, monitoring, type Network, passTo, watched } from './network.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { type Icinga, startIcinga } from './servers/icinga.ts';
import { configureNagios, type Nagios, startNagios } from './servers/nagios.ts';
import { type Nrpe, startNrpe } from './servers/nrpe.ts';
import { type Alertmanager, hastyRules, type Prometheus, startAlertmanager, startPrometheus } from './servers/prometheus.ts';
import { type Rsyslog, startRsyslog } from './servers/rsyslog.ts';
import { type MailSink, startMailSink } from './servers/smtp.ts';
import { startZabbix, type Zabbix } from './servers/zabbix.ts';

/** Other tests run beside this one in the same namespace, with servers of their own. */
const ports = {
  smtp: 4125,
  syslog: 4514,
  prometheus: 4090,
  alertmanager: 4093,
  zabbix: 4051,
  zabbixWeb: 4089,
  icinga: 4665,
} as const;
/** Of the host: what monitoring has to be let in to. */
export const hostPorts = { metrics: 9272, nrpe: 5666 } as const;
const secret = 'between palisade and the receiver';
/** The host, as every system is told to call it. */
export const hostName = 'fw1';
const every = 5;

const root = join(import.meta.dirname, '../..');
const command = join(root, 'bin/palisade');

/** The monitoring systems of a whole company, all of them real, and a host that they watch. */
export interface Company extends AsyncDisposable {
  readonly network: Network;
  readonly folder: string;
  readonly mail: MailSink;
  readonly rsyslog: Rsyslog;
  readonly alertmanager: Alertmanager;
  readonly prometheus: Prometheus;
  readonly zabbix: Zabbix;
  readonly icinga: Icinga;
  readonly nagios: Nagios;
  readonly nrpe: Nrpe;
  readonly receiver: Receiver;
  /** Alerts as lines of JSON. */
  lines(): readonly { readonly event: { readonly action?: string; readonly id?: string }; readonly message: string }[];
  /** What the host publishes, as anybody who may reads it. */
  published(): Promise<StateRead>;
  /** What `palisade up` has said. */
  said(): string;
  /** palisade on the host, with the same configuration: what it prints. */
  palisade(...argv: readonly string[]): Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }>;
}

/** How long each part took to start, for whoever reads the log. */
export const durations: string[] = [];

async function timed<T>(what: string, start: Promise<T>): Promise<T> {
  const began = performance.now();
  const value = await start;
  durations.push(`${what} ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return value;
}

/** All of them, or none: those that did start are ended with the others where one does not. */
async function together<T extends readonly AsyncDisposable[]>(
  parts: AsyncDisposableStack,
  starting: { readonly [Key in keyof T]: Promise<T[Key]> },
): Promise<T> {
  const settled = await Promise.allSettled(starting);
  for (const one of settled) if (one.status === 'fulfilled') parts.use(one.value as AsyncDisposable);
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return settled.map((one) => (one.status === 'fulfilled' ? one.value : undefined)) as unknown as T;
}

/** The guide's rules to the letter: nothing that is answered comes back. LOG lines of a namespace reach nobody, so that it logs by NFLOG too. */
export async function guideFirewall({ onHost }: Network): Promise<void> {
  for (const argv of guideCommands) await onHost(argv);
  const log = ['-j', 'NFLOG', '--nflog-group', String(labLogGroup), '--nflog-prefix', 'dropped: '];
  await onHost(['iptables', '-A', 'INPUT', ...log]);
}

/** What the guide's readers add once they are locked out; monitoring is let in too. */
export async function guideReaders({ onHost }: Network): Promise<void> {
  await onHost(['iptables', '-I', 'INPUT', '-i', 'lo', '-j', 'ACCEPT']);
  await onHost(['iptables', '-I', 'INPUT', '-m', 'state', '--state', 'ESTABLISHED,RELATED', '-j', 'ACCEPT']);
  for (const port of Object.values(hostPorts))
    await onHost(['iptables', '-I', 'INPUT', '3', '-p', 'tcp', '-s', monitoring, '--dport', String(port), '-j', 'ACCEPT']);
}

/** Starts all of it. `palisade up` sees the firewall as it is when this is called. */
export async function openCompany(folder: string): Promise<Company> {
  await using parts = new AsyncDisposableStack();
  spawnSync('chmod', ['755', folder]);
  const at = (name: string): string => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true, mode: 0o755 });
    return path;
  };
  const socket = join(at('run'), 'state.sock');
  const ground = { host: hostName, command, socket, state: null };
  const network = parts.use(await timed('network', makeNetwork()));
  await guideFirewall(network);

  const startZabbixWithHost = async (): Promise<Zabbix> => {
    const zabbix = await startZabbix(at('zabbix'), { port: ports.zabbix, webPort: ports.zabbixWeb });
    const answers = zabbixIntegration.answers.parse({
      ...{
        server: `127.0.0.1:${ports.zabbix}`,
        url: zabbix.url,
        'password-file': 'zabbix',
        'create-host': 'yes',
        host: hostName,
      },
    });
    const unread = { code: 'unread', message: 'not yet', hint: '' } as const;
    try {
      const verdict = await zabbixIntegration.apply?.(
        answers,
        integrationContext(() => ({ ok: false, problem: unread })),
      );
      if (verdict?.kind !== 'accepted') throw new Error(`Zabbix: ${JSON.stringify(verdict)}`);
    } catch (error) {
      await zabbix[Symbol.asyncDispose]();
      throw error;
    }
    return zabbix;
  };
  const modes = 'audit,incidents,drift,policy,heartbeat';
  const objectsOf = (files: readonly { readonly path: string; readonly text: string }[]): string =>
    files.find(({ path }) => path.endsWith('palisade.conf'))?.text ?? '';

  const startNagiosWithHost = async (): Promise<Nagios> => {
    const home = at('nagios');
    const { objects, config } = configureNagios(home);
    // It asks the plugin of fw1 by itself, and is told of the same host under another name.
    for (const [kind, host] of [
      ['active', `${hostName}-asked`],
      ['passive', hostName],
    ] as const) {
      const answers = nagiosIntegration.answers.parse({ folder: objects, config, kind, modes, every });
      // This Nagios counts in seconds.
      for (const { path, text } of nagiosIntegration.files(answers, { ...ground, host }))
        writeFileSync(path, text.replace(/(check|retry)_interval {10}1/g, `$1_interval ${every}`));
    }
    return startNagios(home);
  };
  const nrpeAnswers = nrpeIntegration.answers.parse({ folder: at('nrpe/nrpe.d'), modes });
  for (const { path, text, here } of nrpeIntegration.files(nrpeAnswers, ground)) if (here) writeFileSync(path, text);

  const certified = [`IP:${monitoring}`];
  const [zabbix, nagios, icinga, mail, rsyslog, alertmanager, prometheus, nrpe, receiver] = await together(parts, [
    timed('Zabbix', startZabbixWithHost()),
    timed('Nagios', startNagiosWithHost()),
    timed(
      'Icinga',
      startIcinga(at('icinga'), {
        port: ports.icinga,
        objects: objectsOf(icingaIntegration.files(icingaIntegration.answers.parse({ kind: 'passive', modes, every }), ground)),
        names: certified,
      }),
    ),
    timed('SMTP', startMailSink(at('mail'), ports.smtp, certified)),
    timed('rsyslog', startRsyslog(at('rsyslog'), ports.syslog, certified)),
    timed('Alertmanager', startAlertmanager(at('alertmanager'), ports.alertmanager)),
    timed(
      'Prometheus',
      startPrometheus(at('prometheus'), {
        port: ports.prometheus,
        target: `${watched}:${hostPorts.metrics}`,
        ruleFiles: ['palisade-records.yml', 'palisade-alerts.yml'].map((name) =>
          hastyRules(join(root, 'packaging/prometheus', name), folder, name),
        ),
        alertmanager: `127.0.0.1:${ports.alertmanager}`,
      }),
    ),
    timed('NRPE', startNrpe(at('nrpe'), hostPorts.nrpe, { address: watched, allowed: monitoring, enter: network.host.enter })),
    startReceiver(monitoring, secret),
  ]);
  const [toZabbix, toIcinga, toAlertmanager] = await Promise.all(
    [ports.zabbix, ports.icinga, ports.alertmanager].map(async (port) => parts.use(await passTo(port))),
  );
  const lines = join(folder, 'alerts.jsonl');
  const config = {
    publish: { socket, group: 'nagios', metrics: `${watched}:${hostPorts.metrics}` },
    watch: { sources: [`nflog:${labLogGroup}`] },
    alerts: {
      channels: {
        mail: { type: 'email', host: monitoring, port: ports.smtp, ca: mail.ca, from: 'fw@example.net', to: ['ops@example.net'] },
        'syslog-tcp': { type: 'syslog', host: monitoring, port: rsyslog.tcp, transport: 'tcp' },
        'syslog-tls': { type: 'syslog', host: monitoring, port: rsyslog.tls, ca: rsyslog.ca },
        alertmanager: { type: 'alertmanager', url: `http://${toAlertmanager?.at}`, 'allow-private': true },
        zabbix: { type: 'zabbix', server: toZabbix?.at, host: hostName },
        hook: { type: 'webhook', url: receiver.url, secret, 'allow-private': true },
        lines: { type: 'jsonlines', path: lines },
      },
      routes: [
        {
          severity: 'medium',
          to: ['mail', 'syslog-tcp', 'syslog-tls', 'alertmanager', 'zabbix', 'hook', 'lines'],
          ...{ 'group-by': 'incident', wait: '1s', 'group-every': '1s', 'resolve-wait': '2s', 'at-most': '1000/1h' },
        },
      ],
    },
    reports: {
      nagios: { 'command-file': nagios.commandFile, host: hostName, modes: modes.split(','), every },
      icinga: {
        ...{ url: `https://${toIcinga?.at}`, 'password-file': icinga.passwordFile, ca: icinga.ca },
        ...{ host: hostName, modes: modes.split(','), every },
      },
      zabbix: { server: toZabbix?.at, host: hostName, 'refresh-seconds': every },
    },
  };
  const configFile = join(folder, 'config.yaml');
  writeFileSync(configFile, stringify(config));
  const flags = ['--state', join(folder, 'state'), '--config', configFile];
  const program = [...asHost(network, folder), process.execPath, 'src/daemon/main.ts'];
  const env = { ...process.env, ...network.host.env };
  const log = join(folder, 'up.log');
  parts.use(await startUp([...program, 'up', '--no-web', ...flags], env, log));
  const held = parts.move();
  return {
    ...{ network, folder, mail, rsyslog, alertmanager, prometheus, zabbix, icinga, nagios, nrpe, receiver },
    lines: () =>
      readFileSync(lines, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    published: () => readPublished(socket, { now: Date.now, timeoutMs: 5000 }),
    said: () => readFileSync(log, 'utf8'),
    async palisade(...argv) {
      const [tool = '', ...rest] = [...program, ...argv, ...flags];
      const child = spawn(tool, rest, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
      const texts = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const)
        child[name].on('data', (piece: Buffer) => (texts[name] += piece.toString()));
      const [exit] = (await once(child, 'close')) as [number];
      return { exit, ...texts };
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/**
 * Put before an argv, runs it on the host, in the group that may write what Nagios reads. Whether any user may make user namespaces is the whole
 * machine's setting, which no firewall mends: on this host they may not.
 */
export function asHost(network: Network, folder: string): readonly string[] {
  const closed = join(folder, 'max_user_namespaces');
  writeFileSync(closed, '0\n');
  const script = `mount --bind ${closed} /proc/sys/user/max_user_namespaces && exec "$@"`;
  return [...network.host.enter, 'unshare', '-m', '--', 'setpriv', '--groups', 'root,nagios', '--', 'sh', '-c', script, 'sh'];
}

/** A policy that lets in who should come in, and the rules of the kernel that go with it. */
export const soundPolicy = `palisade: 1
otherwise: { incoming: drop, forwarded: drop, outgoing: accept }
interfaces: { internet: eth0, watch: mon0 }
sets:
  monitoring: ["${monitoring}"]
incoming:
  - { allow: ["${hostPorts.metrics}/tcp", "${hostPorts.nrpe}/tcp"], from: monitoring, via: watch, note: monitoring asks }
  - { allow: ssh, from: ["192.168.1.50"], via: internet, at-most: { new: 3, within: 60s, per: source, beyond: drop }, note: administration }
  - { iptables: "-j NFLOG --nflog-group ${labLogGroup} --nflog-prefix dropped", note: what is dropped is seen }
protect: { bad-flags: true, new-not-syn: true }
`;

async function startUp(argv: readonly string[], env: NodeJS.ProcessEnv, log: string): Promise<AsyncDisposable> {
  const [tool = '', ...rest] = argv;
  const output = openSync(log, 'a');
  const child: ChildProcess = spawn(tool, rest, { cwd: root, env, stdio: ['ignore', output, output] });
  closeSync(output);
  const ended = once(child, 'exit');
  return {
    async [Symbol.asyncDispose]() {
      // As people end it; what it has started ends with it.
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await ended;
      clearTimeout(late);
    },
  };
}
