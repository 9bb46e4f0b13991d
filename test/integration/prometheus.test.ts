import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StateRead } from '../../src/monitor/index.ts';
import { dashboardQueries } from '../../src/monitor/prometheus/dashboard.ts';
import { contentTypes, exposition, formatAccepted, metricsOf } from '../../src/monitor/prometheus/index.ts';
import { guideState, healthyState } from '../../src/monitor/state/state.fixture.ts';
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
