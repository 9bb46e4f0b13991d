import { stringify } from 'yaml';
import { type AlertRule, alertRules, type Firing, firings, recordingRules } from './alert-rules.ts';
import { dashboard } from './dashboard.ts';

/** What a release brings for Prometheus and Grafana, by path below `packaging`. */
export function prometheusFiles(): ReadonlyMap<string, string> {
  const yaml = (what: string, content: unknown): string =>
    `# ${what}\n${stringify(content, { lineWidth: 0, aliasDuplicateObjects: false })}`;
  return new Map([
    [
      'prometheus/palisade-records.yml',
      yaml('Recording rules of palisade: put it among rule_files of prometheus.yml.', { groups: recordingRules }),
    ],
    [
      'prometheus/palisade-alerts.yml',
      yaml('Alerts of palisade: put it among rule_files of prometheus.yml, with palisade-records.yml.', { groups: alertRules }),
    ],
    [
      'prometheus/palisade-alerts-test.yml',
      yaml(
        'What makes each alert fire, and that nothing does on a sound host: promtool test rules palisade-alerts-test.yml',
        ruleTests(),
      ),
    ],
    ['grafana/palisade.json', `${JSON.stringify(dashboard(), null, 2)}\n`],
  ]);
}

/** promtool's tests of the alerts ("Unit Testing for Rules"). */
function ruleTests(): unknown {
  const rules = new Map(alertRules.flatMap((group) => group.rules.map((rule) => [rule.alert, rule] as const)));
  return {
    rule_files: ['palisade-records.yml', 'palisade-alerts.yml'],
    evaluation_interval: '1m',
    tests: [
      ...firings.map((firing) => {
        const rule = rules.get(firing.alert);
        if (rule === undefined) throw new Error(`no rule is called ${firing.alert}`);
        return firingTest(rule, firing);
      }),
      {
        interval: '1m',
        input_series: soundSeries.map((series) => ({ series: ofHost(series[0]), values: series[1] })),
        alert_rule_test: [...rules.keys()].map((alertname) => ({ eval_time: '1600m', alertname, exp_alerts: [] })),
      },
    ],
  };
}

function firingTest(rule: AlertRule, { alert, series, minutes, labels, value = '' }: Firing): unknown {
  const all: Readonly<Record<string, string>> = { instance: 'web1', ...labels };
  const filled = (text: string): string =>
    text
      .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => all[label] ?? '')
      .replace(/\{\{ \$value( \| \w+)? \}\}/g, value);
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: ofHost(name), values })),
    alert_rule_test: [
      {
        eval_time: `${minutes}m`,
        alertname: alert,
        exp_alerts: [
          {
            exp_labels: { ...all, ...rule.labels },
            exp_annotations: {
              summary: filled(rule.annotations.summary),
              description: filled(rule.annotations.description),
            },
          },
        ],
      },
    ],
  };
}

function ofHost(series: string): string {
  return series.includes('{') ? series.replace('{', '{instance="web1",') : `${series}{instance="web1"}`;
}

/** A host on which all is well. */
const soundSeries: readonly (readonly [string, string])[] = [
  ['up{job="palisade"}', '1+0x1700'],
  ['iptables_scrape_success', '1+0x1700'],
  ['iptables_protected{answer="yes"}', '1+0x1700'],
  ['iptables_protected{answer="no"}', '0+0x1700'],
  ['iptables_protected{answer="unknown"}', '0+0x1700'],
  ['iptables_audit_findings{severity="critical"}', '0+0x1700'],
  ['iptables_audit_findings{severity="high"}', '0+0x1700'],
  ['iptables_audit_findings{severity="low"}', '4+0x1700'],
  ['iptables_chain_policy_info{family="ipv4",table="filter",chain="INPUT",policy="DROP"}', '1+0x1700'],
  ['iptables_drift', '0+0x1700'],
  ['iptables_ruleset_last_change_timestamp_seconds{family="ipv4"}', '0+0x1700'],
  ['iptables_saved_as_running{family="ipv4",source="palisade"}', '1+0x1700'],
  ['iptables_incidents{severity="critical"}', '0+0x1700'],
  ['iptables_incidents{severity="high"}', '0+0x1700'],
  ['iptables_incidents{severity="medium"}', '0+0x1700'],
  ['iptables_incidents{severity="low"}', '3+0x1700'],
  ['iptables_conntrack_entries', '500+0x1700'],
  ['iptables_conntrack_limit', '65536+0x1700'],
  ['iptables_conntrack_drops_total', '0+0x1700'],
  ['iptables_ipset_entries{set="admins"}', '3+0x1700'],
  ['iptables_ipset_maxelem{set="admins"}', '65536+0x1700'],
  ['iptables_dropped_packets_total', '0+900x1700'],
  ['iptables_log_events_total{proto="tcp",prefix="dropped: "}', '0+300x1700'],
  ['iptables_log_lines_lost_total{source="kmsg"}', '0+0x1700'],
  ['iptables_last_backup_timestamp_seconds', '0+60x1700'],
  ['iptables_backup_failing', '0+0x1700'],
  ['iptables_updates_security', '0+0x1700'],
  ['iptables_alerts_dead{channel="ops"}', '0+0x1700'],
];
