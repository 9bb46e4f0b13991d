import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { askedSource, dashboard } from '../../monitor/prometheus/dashboard.ts';
import { integration } from './integration.ts';

const answers = z.object({
  datasource: z.string().default('prometheus').describe('The uid of Grafana’s data source of Prometheus.'),
  dashboards: z.string().default('/var/lib/grafana/dashboards').describe('Where Grafana finds dashboards.'),
  provisioning: z.string().default('/etc/grafana/provisioning').describe('Where Grafana is told of dashboards.'),
});

export const grafana = integration({
  name: 'grafana',
  summary: 'a dashboard of Prometheus’ metrics',
  answers,
  files: ({ datasource, dashboards, provisioning }) => [
    {
      path: join(dashboards, 'palisade.json'),
      mode: 0o644,
      // It asks for the source only where a person imports the file.
      text: `${JSON.stringify(dashboard(), null, 2).replaceAll(askedSource, JSON.stringify(datasource).slice(1, -1))}\n`,
      says: 'the dashboard',
      here: true,
    },
    {
      path: join(provisioning, 'dashboards/palisade.yaml'),
      mode: 0o644,
      text: stringify({
        apiVersion: 1,
        providers: [{ name: 'palisade', type: 'file', options: { path: dashboards } }],
      }),
      says: 'where Grafana finds it',
      here: true,
    },
  ],
  next: ({ datasource }) => [
    'start Grafana anew: systemctl restart grafana-server',
    `if its data source of Prometheus has another uid than ${datasource}, say it with --set datasource=UID`,
    'the dashboard is called Host firewall',
  ],
});
