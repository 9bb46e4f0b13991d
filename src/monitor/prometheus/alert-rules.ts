/** A rule of Prometheus that alerts (Prometheus, "Alerting rules"), with series that make it. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: 'critical' | 'warning' | 'info' };
  readonly annotations: { readonly summary: string; readonly description: string };
}

/** What makes an alert fire, for the tests that come with the rules: series in promtool's notation, a value a minute. */
export interface Firing {
  readonly alert: string;
  readonly series: Readonly<Record<string, string>>;
  /** When it fires, in minutes. */
  readonly minutes: number;
  /** Labels of the alert beside its own. */
  readonly labels: Readonly<Record<string, string>>;
  /** How the value reads in its texts. */
  readonly value?: string;
}

interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface RuleGroup<Rule = AlertRule | RecordingRule> {
  readonly name: string;
  readonly rules: readonly Rule[];
}

const host = '{{ $labels.instance }}';

/** Sums that the dashboard and alerts ask for often. Names are level:metric:operation (Prometheus, "Recording rules"). */
export const recordingRules: readonly RuleGroup<RecordingRule>[] = [
  {
    name: 'palisade.records',
    rules: [
      {
        record: 'instance_family_table_chain_target:iptables_rule_packets:rate5m',
        expr: 'sum by (job, instance, family, table, chain, target) (rate(iptables_rule_packets_total[5m]))',
      },
      { record: 'instance:iptables_dropped_packets:rate5m', expr: 'rate(iptables_dropped_packets_total[5m])' },
      { record: 'instance:iptables_log_events:rate5m', expr: 'sum by (job, instance) (rate(iptables_log_events_total[5m]))' },
      { record: 'instance:iptables_conntrack_used:ratio', expr: 'iptables_conntrack_entries / iptables_conntrack_limit' },
    ],
  },
];

/**
 * What to wake somebody for. Where nothing is known, that itself is an alert: a host of which nothing is heard, a state that is too old, an audit
 * that could not be done.
 */
export const alertRules: readonly RuleGroup<AlertRule>[] = [
  {
    name: 'palisade.alerts',
    rules: [
      alert(
        'PalisadeDown',
        'up{job=~".*palisade.*"} == 0',
        '2m',
        'critical',
        `palisade on ${host} does not answer`,
        'Nobody sees what happens to the firewall of this host. Look whether palisade runs there, and whether its own firewall lets Prometheus in.',
      ),
      alert(
        'PalisadeStateUnknown',
        'iptables_scrape_success == 0',
        '2m',
        'critical',
        `The state of the firewall on ${host} is not known`,
        'palisade answers, and has not read the host for too long. `palisade status` on the host says why.',
      ),
      alert(
        'FirewallNotProtecting',
        'iptables_protected{answer="no"} == 1',
        '1m',
        'critical',
        `The firewall of ${host} does not protect it`,
        '`palisade audit` on the host lists what is wrong, each with a packet that shows it and with what mends it.',
      ),
      alert(
        'FirewallProtectionUnknown',
        'iptables_protected{answer="unknown"} == 1',
        '15m',
        'warning',
        `Whether the firewall of ${host} protects it is not known`,
        '`palisade status` on the host says what could not be read, and what to do about it.',
      ),
      alert(
        'FirewallFindings',
        'sum by (job, instance) (iptables_audit_findings{severity=~"critical|high"}) > 0',
        '1m',
        'critical',
        `{{ $value }} critical or high findings about the firewall of ${host}`,
        '`palisade audit` on the host lists them.',
      ),
      alert(
        'FirewallPolicyNotDrop',
        'iptables_chain_policy_info{table="filter",chain=~"INPUT|FORWARD",policy!="DROP"} == 1',
        '5m',
        'warning',
        `{{ $labels.family }} {{ $labels.chain }} on ${host} lets in what no rule decides`,
        'Its policy is {{ $labels.policy }}. A last rule that drops does the same as a policy of DROP, unless somebody empties the chain.',
      ),
      alert(
        'FirewallDrift',
        'iptables_drift == 1',
        '2m',
        'critical',
        `The firewall of ${host} is not as it was accepted`,
        '`palisade drift` on the host says what is other, which packets are treated differently, and who did it.',
      ),
      alert(
        'FirewallChanged',
        'time() - iptables_ruleset_last_change_timestamp_seconds < 300',
        undefined,
        'info',
        `The {{ $labels.family }} rules of ${host} have changed`,
        '`palisade journal` on the host says by whom.',
      ),
      alert(
        'FirewallNotSaved',
        'iptables_saved_as_running == 0',
        '1h',
        'warning',
        `The next start of ${host} brings another {{ $labels.family }} firewall`,
        'What {{ $labels.source }} loads is not what is in force. `palisade drift` on the host says which packets it would treat differently.',
      ),
      alert(
        'FirewallUnderAttack',
        'sum by (job, instance) (iptables_incidents{severity=~"critical|high"}) > 0',
        undefined,
        'critical',
        `{{ $value }} critical or high incidents go on at ${host}`,
        '`palisade incidents --open` on the host says who does what to whom.',
      ),
      alert(
        'FirewallIncidents',
        'iptables_incidents{severity="medium"} > 0',
        undefined,
        'warning',
        `{{ $value }} incidents go on at ${host}`,
        '`palisade incidents --open` on the host says who does what to whom.',
      ),
      alert(
        'ConntrackFilling',
        'iptables_conntrack_entries / iptables_conntrack_limit > 0.8',
        '5m',
        'warning',
        `The connection table of ${host} is {{ $value | humanizePercentage }} full`,
        'When it is full, new connections are dropped before any rule. Raise net.netfilter.nf_conntrack_max, or see who fills it.',
      ),
      alert(
        'ConntrackNearlyFull',
        'iptables_conntrack_entries / iptables_conntrack_limit > 0.95',
        '1m',
        'critical',
        `The connection table of ${host} is {{ $value | humanizePercentage }} full`,
        'When it is full, new connections are dropped before any rule. Raise net.netfilter.nf_conntrack_max, or see who fills it.',
      ),
      alert(
        'ConntrackDrops',
        'rate(iptables_conntrack_drops_total[5m]) > 0',
        '1m',
        'critical',
        `New connections are dropped on ${host}, since the connection table is full`,
        '{{ $value | humanize }} packets a second. Raise net.netfilter.nf_conntrack_max, or see who fills it.',
      ),
      alert(
        'SetNearlyFull',
        'iptables_ipset_entries / iptables_ipset_maxelem > 0.9',
        '5m',
        'warning',
        `The set {{ $labels.set }} on ${host} is {{ $value | humanizePercentage }} full`,
        'A set that is full takes no further members: whoever should be in it is not.',
      ),
      alert(
        'DropsUnusual',
        'instance:iptables_dropped_packets:rate5m > 10 and instance:iptables_dropped_packets:rate5m > 5 * avg_over_time(instance:iptables_dropped_packets:rate5m[1d] offset 10m)',
        '10m',
        'warning',
        `${host} drops {{ $value | humanize }} packets a second, five times as many as usual`,
        '`palisade top` on the host says whose they are.',
      ),
      alert(
        'DropsNotLogged',
        'rate(iptables_dropped_packets_total[1h]) > 0 unless on (job, instance) sum by (job, instance) (rate(iptables_log_events_total[1h])) > 0',
        '1h',
        'warning',
        `${host} drops packets and logs none`,
        'Attacks are not seen. A rule that logs may be missing, or nobody writes what it logs: `palisade audit` on the host says which.',
      ),
      alert(
        'LogLost',
        'rate(iptables_log_lines_lost_total[15m]) > 0',
        '15m',
        'warning',
        `Logged packets of ${host} are lost`,
        '{{ $value | humanize }} a second from {{ $labels.source }}. What is lost cannot be seen as an attack.',
      ),
      alert(
        'BackupTooOld',
        'time() - iptables_last_backup_timestamp_seconds > 7 * 86400 or iptables_backup_failing == 1',
        '1h',
        'warning',
        `The firewall of ${host} has no fresh snapshot`,
        '`palisade backup list` on the host shows what there is; `palisade backup schedule` takes them by itself.',
      ),
      alert(
        'FirewallUpdatesPending',
        'iptables_updates_security > 0',
        '1d',
        'warning',
        `{{ $value }} security updates of the firewall wait on ${host}`,
        '`palisade updates` on the host lists them.',
      ),
      alert(
        'PalisadeAlertsUndelivered',
        'iptables_alerts_dead > 0',
        '5m',
        'warning',
        `{{ $value }} alerts of ${host} could not be delivered by {{ $labels.channel }}`,
        '`palisade alerts` on the host lists them and says why.',
      ),
    ],
  },
];

function alert(
  name: string,
  expr: string,
  lasting: string | undefined,
  severity: AlertRule['labels']['severity'],
  summary: string,
  description: string,
): AlertRule {
  return {
    alert: name,
    expr,
    ...(lasting !== undefined && { for: lasting }),
    labels: { severity },
    annotations: { summary, description },
  };
}

const steady = (value: number): string => `${value}+0x3000`;
const growing = (each: number): string => `0+${each}x3000`;

/** One firing of each alert. Every series is of one host, `web1`. */
export const firings: readonly Firing[] = [
  { alert: 'PalisadeDown', series: { 'up{job="palisade"}': steady(0) }, minutes: 3, labels: { job: 'palisade' } },
  { alert: 'PalisadeStateUnknown', series: { iptables_scrape_success: steady(0) }, minutes: 3, labels: {} },
  {
    alert: 'FirewallNotProtecting',
    series: { 'iptables_protected{answer="no"}': steady(1) },
    minutes: 2,
    labels: { answer: 'no' },
  },
  {
    alert: 'FirewallProtectionUnknown',
    series: { 'iptables_protected{answer="unknown"}': steady(1) },
    minutes: 16,
    labels: { answer: 'unknown' },
  },
  {
    alert: 'FirewallFindings',
    series: { 'iptables_audit_findings{severity="high"}': steady(3), 'iptables_audit_findings{severity="critical"}': steady(1) },
    minutes: 2,
    labels: {},
    value: '4',
  },
  {
    alert: 'FirewallPolicyNotDrop',
    series: { 'iptables_chain_policy_info{family="ipv6",table="filter",chain="INPUT",policy="ACCEPT"}': steady(1) },
    minutes: 6,
    labels: { family: 'ipv6', table: 'filter', chain: 'INPUT', policy: 'ACCEPT' },
  },
  { alert: 'FirewallDrift', series: { iptables_drift: steady(1) }, minutes: 3, labels: {} },
  {
    alert: 'FirewallChanged',
    series: { 'iptables_ruleset_last_change_timestamp_seconds{family="ipv4"}': steady(540) },
    minutes: 10,
    labels: { family: 'ipv4' },
  },
  {
    alert: 'FirewallNotSaved',
    series: { 'iptables_saved_as_running{family="ipv4",source="/etc/iptables/rules.v4"}': steady(0) },
    minutes: 61,
    labels: { family: 'ipv4', source: '/etc/iptables/rules.v4' },
  },
  {
    alert: 'FirewallUnderAttack',
    series: { 'iptables_incidents{severity="critical"}': steady(1), 'iptables_incidents{severity="high"}': steady(2) },
    minutes: 1,
    labels: {},
    value: '3',
  },
  {
    alert: 'FirewallIncidents',
    series: { 'iptables_incidents{severity="medium"}': steady(2) },
    minutes: 1,
    labels: { severity: 'warning' },
    value: '2',
  },
  {
    alert: 'ConntrackFilling',
    series: { iptables_conntrack_entries: steady(85), iptables_conntrack_limit: steady(100) },
    minutes: 6,
    labels: {},
    value: '85%',
  },
  {
    alert: 'ConntrackNearlyFull',
    series: { iptables_conntrack_entries: steady(96), iptables_conntrack_limit: steady(100) },
    minutes: 2,
    labels: {},
    value: '96%',
  },
  { alert: 'ConntrackDrops', series: { iptables_conntrack_drops_total: growing(60) }, minutes: 10, labels: {}, value: '1' },
  {
    alert: 'SetNearlyFull',
    series: { 'iptables_ipset_entries{set="admins"}': steady(95), 'iptables_ipset_maxelem{set="admins"}': steady(100) },
    minutes: 6,
    labels: { set: 'admins' },
    value: '95%',
  },
  {
    alert: 'DropsUnusual',
    series: { iptables_dropped_packets_total: '0+60x1500 90000+6000x200' },
    minutes: 1520,
    labels: {},
    value: '100',
  },
  { alert: 'DropsNotLogged', series: { iptables_dropped_packets_total: growing(60) }, minutes: 130, labels: {} },
  {
    alert: 'LogLost',
    series: { 'iptables_log_lines_lost_total{source="kmsg"}': growing(120) },
    minutes: 40,
    labels: { source: 'kmsg' },
    value: '2',
  },
  { alert: 'BackupTooOld', series: { iptables_backup_failing: steady(1) }, minutes: 61, labels: {} },
  { alert: 'FirewallUpdatesPending', series: { iptables_updates_security: steady(2) }, minutes: 1441, labels: {}, value: '2' },
  {
    alert: 'PalisadeAlertsUndelivered',
    series: { 'iptables_alerts_dead{channel="ops"}': steady(4) },
    minutes: 6,
    labels: { channel: 'ops' },
    value: '4',
  },
];
