import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { eventually, startServer } from '../server.ts';

export interface Prometheus extends AsyncDisposable {
  readonly url: string;
  /** What a GET of its API answers, its `data`. */
  api(path: string): Promise<unknown>;
}

export interface Alertmanager extends AsyncDisposable {
  readonly url: string;
  /** Alerts that are firing, by their labels. */
  alerts(): Promise<
    readonly { readonly labels: Readonly<Record<string, string>>; readonly annotations: Readonly<Record<string, string>> }[]
  >;
}

interface PrometheusOptions {
  readonly port: number;
  /** Where palisade's metrics are, as host:port. */
  readonly target: string;
  readonly ruleFiles: readonly string[];
  /** As host:port. */
  readonly alertmanager?: string;
}

/** Starts the real Prometheus, which scrapes and judges every second. Its first scrape comes some five seconds after it is ready. */
export async function startPrometheus(folder: string, options: PrometheusOptions): Promise<Prometheus> {
  const { port, target, ruleFiles, alertmanager } = options;
  const file = join(folder, 'prometheus.yml');
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    ...(alertmanager !== undefined && { alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] } }),
    scrape_configs: [{ job_name: 'palisade', static_configs: [{ targets: [target] }] }],
  };
  writeFileSync(file, stringify(config));
  const server = await startServer(
    [
      ...['prometheus', `--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`],
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { logFile: join(folder, 'prometheus.log') },
  );
  const url = `http://127.0.0.1:${port}`;
  await eventually('Prometheus to be ready', async () => (await fetch(`${url}/-/ready`)).ok);
  return {
    url,
    async api(path) {
      const answer = (await (await fetch(`${url}/api/v1/${path}`)).json()) as { status: string; data?: unknown; error?: string };
      if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`);
      return answer.data;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Starts the real Alertmanager, alone and without a cluster. */
export async function startAlertmanager(folder: string, port: number): Promise<Alertmanager> {
  const file = join(folder, 'alertmanager.yml');
  const route = {
    receiver: 'nobody',
    group_by: ['alertname', 'instance'],
    group_wait: '1s',
    group_interval: '2s',
    repeat_interval: '1h',
  };
  writeFileSync(file, stringify({ route, receivers: [{ name: 'nobody' }] }));
  mkdirSync(join(folder, 'alertmanager'), { recursive: true });
  const server = await startServer(
    [
      ...['prometheus-alertmanager', `--config.file=${file}`, `--storage.path=${join(folder, 'alertmanager')}`],
      // Else it opens a port for others of its kind on all addresses.
      ...[`--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='],
    ],
    { logFile: join(folder, 'alertmanager.log') },
  );
  const url = `http://127.0.0.1:${port}`;
  await eventually('Alertmanager to be ready', async () => (await fetch(`${url}/-/ready`)).ok);
  return {
    url,
    alerts: async () =>
      (await (await fetch(`${url}/api/v2/alerts?active=true`)).json()) as Awaited<ReturnType<Alertmanager['alerts']>>,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Rules as they are shipped, but that what lasts a second has lasted. */
export function hastyRules(shipped: string, folder: string, name: string): string {
  const file = join(folder, name);
  writeFileSync(file, readFileSync(shipped, 'utf8').replaceAll(/^( +for: ).*$/gm, '$11s'));
  return file;
}
