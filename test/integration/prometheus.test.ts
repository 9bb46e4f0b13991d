import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StateRead } from '../../src/monitor/index.ts';
import { dashboardQueries } from '../../src/monitor/prometheus/dashboard.ts';
import { contentTypes, exposition, formatAccepted, metricsOf } from '../../src/monitor/prometheus/index.ts';
import { guideState, healthyState } from '../../src/monitor/state/state.fixture.ts';
import { alertmanager as alertmanagerIntegration } from '../../src/verbs/integrating/alertmanager.ts';
import { prometheus as prometheusIntegration, withPalisade } from '../../src/verbs/integrating/prometheus.ts';
import { integrationContext } from './ground.fixture.ts';
import { eventually } from './server.ts';
import { type Alertmanager, hastyRules, type Prometheus, startAlertmanager, startPrometheus } from './servers/prometheus.ts';

const packaging = join(import.meta.dirname, '../../packaging/prometheus');
const folder = mkdtempSync(join(tmpdir(), 'palisade-prometheus-'));
let shown: StateRead = { ok: true, state: guideState() };
/** In which formats it was asked for. */
const asked = new Set<string>();
const exporter = createServer((request, response) => {
  const format = formatAccepted(request.headers.accept);
  asked.add(format);
  response.setHeader('content-type', contentTypes[format]).end(exposition(metricsOf(shown), format));
});
let prometheus: Prometheus;
let alertmanager: Alertmanager;

beforeAll(async () => {
  await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
  const { port } = exporter.address() as AddressInfo;
  alertmanager = await startAlertmanager(folder, 9093);
  prometheus = await startPrometheus(folder, {
    port: 9090,
    target: `127.0.0.1:${port}`,
    ruleFiles: ['palisade-records.yml', 'palisade-alerts.yml'].map((name) => hastyRules(join(packaging, name), folder, name)),
    alertmanager: '127.0.0.1:9093',
  });
});

afterAll(async () => {
  await prometheus?.[Symbol.asyncDispose]();
  await alertmanager?.[Symbol.asyncDispose]();
  exporter.close();
  exporter.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

async function firing(): Promise<readonly string[]> {
  return (await alertmanager.alerts()).map(({ labels }) => labels.alertname ?? '').sort();
}

test('a guide’s firewall raises alerts in Alertmanager, and its mending ends them', async () => {
  await eventually('the first scrape', async () => {
    const { activeTargets } = (await prometheus.api('targets')) as { activeTargets: { health: string }[] };
    return activeTargets[0]?.health === 'up';
  });
  expect([...asked]).toEqual(['openmetrics']);
  const raised = ['FirewallFindings', 'FirewallNotProtecting', 'FirewallPolicyNotDrop'];
  await eventually(`${raised.join(', ')} in Alertmanager`, async () => {
    const now = await firing();
    return raised.every((name) => now.includes(name));
  });
  shown = { ok: true, state: healthyState() };
  await eventually('the end of all alerts', async () => {
    const now = await firing();
    return raised.every((name) => !now.includes(name));
  });
});

test('an incident raises an alert, and what is stale does not count as well', async () => {
  const state = healthyState();
  const { incidents } = state;
  if (!incidents.known) throw new Error('the example has no incidents');
  shown = {
    ok: true,
    state: { ...state, incidents: { known: true, value: { ...incidents.value, open: { ...incidents.value.open, high: 1 } } } },
  };
  await eventually('FirewallUnderAttack in Alertmanager', async () => (await firing()).includes('FirewallUnderAttack'));
  shown = { ok: false, problem: { code: 'unread', message: 'the state is stale', hint: 'start palisade' } };
  await eventually('PalisadeStateUnknown in Alertmanager', async () => (await firing()).includes('PalisadeStateUnknown'));
});

test('every question of the dashboard is one that Prometheus answers', async () => {
  shown = { ok: true, state: healthyState() };
  for (const query of dashboardQueries) {
    const whole = query.replaceAll('$job', '.*').replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m');
    await expect(prometheus.api(`query?query=${encodeURIComponent(whole)}`), query).resolves.toMatchObject({
      resultType: 'vector',
    });
  }
});

test('the rules that are shipped are what promtool takes, and do what they say', () => {
  const run = (...argv: string[]) => spawnSync('promtool', argv, { cwd: packaging, encoding: 'utf8' });
  expect(run('check', 'rules', 'palisade-records.yml', 'palisade-alerts.yml')).toMatchObject({ status: 0 });
  expect(run('test', 'rules', 'palisade-alerts-test.yml')).toMatchObject({ status: 0 });
});

test('integrate --test sees a reading arrive in Prometheus, and an alert in Alertmanager', async () => {
  const { port } = exporter.address() as AddressInfo;
  const now = { ...healthyState(), at: Date.now() / 1000 };
  shown = { ok: true, state: now };
  const answers = { folder, target: `127.0.0.1:${port}`, url: prometheus.url };
  expect(
    await prometheusIntegration.test?.(
      answers,
      integrationContext(() => shown),
      'mark1',
    ),
  ).toMatchObject({ kind: 'seen' });
  const { url } = alertmanager;
  expect(
    await alertmanagerIntegration.test?.(
      { url },
      integrationContext(() => shown),
      'mark1',
    ),
  ).toMatchObject({ kind: 'seen' });
  // It is ended again.
  await eventually('the end of the test', async () => !(await firing()).includes('PalisadeTest'));
  const newer: StateRead = { ok: true, state: { ...now, at: now.at + 3600 } };
  const unseen = await prometheusIntegration.test?.(
    answers,
    integrationContext(() => newer, 1500),
    'mark1',
  );
  expect(unseen).toMatchObject({ kind: 'unseen', why: expect.stringContaining('older than what is published') });
  const nobody = { url: 'http://127.0.0.1:9' };
  expect(
    await alertmanagerIntegration.test?.(
      nobody,
      integrationContext(() => shown),
      'm',
    ),
  ).toMatchObject({ kind: 'unsent' });
});

test('integrate --apply adds what is missing to prometheus.yml, which promtool takes, and nothing a second time', async () => {
  const etc = join(folder, 'etc');
  mkdirSync(etc);
  const before =
    '# ours\nglobal:\n  scrape_interval: 15s # often enough\nscrape_configs:\n  - job_name: node\n    static_configs:\n      - targets: [localhost:9100]\n';
  writeFileSync(join(etc, 'prometheus.yml'), before);
  const context = integrationContext(() => shown);
  const answers = { folder: etc, target: '127.0.0.1:9272', url: prometheus.url };
  for (const { path, text, here } of prometheusIntegration.files(answers, context.ground)) if (here) writeFileSync(path, text);
  expect(await prometheusIntegration.check?.(answers, context)).toMatchObject({ kind: 'accepted' });
  expect(await prometheusIntegration.apply?.(answers, context)).toMatchObject({ kind: 'accepted' });
  const after = readFileSync(join(etc, 'prometheus.yml'), 'utf8');
  expect(after).toContain('# ours');
  expect(after).toContain('# often enough');
  expect(after).toContain('job_name: palisade');
  expect(spawnSync('promtool', ['check', 'config', join(etc, 'prometheus.yml')]).status).toBe(0);
  const kept = readdirSync(etc).filter((name) => name.includes('before-palisade'));
  expect(kept.map((name) => readFileSync(join(etc, name), 'utf8'))).toEqual([before]);
  expect(await prometheusIntegration.apply?.(answers, context)).toMatchObject({ says: [expect.stringContaining('already')] });
  expect(withPalisade('- a list\n', 'x')).toBeNull();
  // What promtool refuses is not put in place.
  writeFileSync(join(etc, 'prometheus.yml'), 'nonsense: 1\n');
  expect(await prometheusIntegration.apply?.(answers, context)).toMatchObject({ kind: 'refused' });
  expect(readFileSync(join(etc, 'prometheus.yml'), 'utf8')).toBe('nonsense: 1\n');
});
