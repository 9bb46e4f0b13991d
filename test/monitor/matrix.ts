import { checkModes } from '../../src/monitor/checks/index.ts';
import type { HostState } from '../../src/monitor/index.ts';
import { exposition, metricsOf } from '../../src/monitor/prometheus/index.ts';
import { itemsOf } from '../../src/monitor/zabbix/index.ts';

type Value = number | null;

/** A quantity, and where it stands in each mouth. */
interface Quantity {
  readonly what: string;
  /** As the state says it; `null`: it is not known, and no mouth may say a number. */
  readonly value: Value;
  /** Mode and label of `palisade check`. */
  readonly check?: readonly [mode: string, label: string];
  /** As a sample begins, without blanks. */
  readonly metric?: string;
  /** Where it stands in Zabbix's line. */
  readonly item?: readonly string[];
}

const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;

/** Every number that more than one mouth says. */
export function quantities(state: HostState): readonly Quantity[] {
  const { audit, chains, rules, drift, sets, conntrack, log, incidents, bans, updates, exposure, alerts, backup } = state;
  const of = <T>(
    part: { readonly known: true; readonly value: T } | { readonly known: false },
    number: (value: T) => Value,
  ): Value => (part.known ? number(part.value) : null);
  const rows: Quantity[] = [
    one(
      'score',
      of(audit, ({ score }) => score),
      ['audit', 'score'],
      'iptables_audit_score',
      ['score'],
    ),
    ...severities.map((severity) =>
      one(
        `${severity} findings`,
        of(audit, ({ counts }) => counts[severity]),
        ['audit', `findings_${severity}`],
        `iptables_audit_findings{severity="${severity}"}`,
        [`findings.${severity}`],
      ),
    ),
    ...severities.map((severity) =>
      one(
        `${severity} incidents`,
        of(incidents, ({ open }) => open[severity]),
        ['incidents', `incidents_${severity}`],
        `iptables_incidents{severity="${severity}"}`,
        [`incidents.${severity}`],
      ),
    ),
    one(
      'attended incidents',
      of(incidents, ({ attended }) => attended),
      ['incidents', 'incidents_attended'],
      'iptables_incidents_attended',
      ['incidents.attended'],
    ),
    one(
      'bans',
      of(bans, ({ active }) => active),
      null,
      'iptables_bans',
      ['bans'],
    ),
    one(
      'drift',
      of(drift, ({ changes }) => changes.reduce((sum, { count }) => sum + count, 0)),
      ['drift', 'drift_changes'],
      null,
      ['drift.changes'],
    ),
    ...(['added', 'removed', 'moved', 'policy'] as const).map((change) =>
      one(
        `drift ${change}`,
        of(drift, ({ changes }) => changes.filter((each) => each.change === change).reduce((sum, { count }) => sum + count, 0)),
        ['drift', `drift_${change}`],
      ),
    ),
    one(
      'entries',
      of(conntrack, (table) => table?.entries ?? null),
      ['conntrack', 'conntrack_entries'],
      'iptables_conntrack_entries',
      ['conntrack.entries'],
    ),
    one(
      'limit',
      of(conntrack, (table) => table?.limit ?? null),
      null,
      'iptables_conntrack_limit',
      ['conntrack.limit'],
    ),
    one(
      'conntrack drops',
      of(conntrack, (table) => table?.dropped ?? null),
      ['conntrack', 'conntrack_dropped'],
      'iptables_conntrack_drops_total',
      ['conntrack.dropped'],
    ),
    one(
      'insert failed',
      of(conntrack, (table) => table?.insertFailed ?? null),
      ['conntrack', 'conntrack_insert_failed'],
      'iptables_conntrack_insert_failed_total',
      ['conntrack.insert.failed'],
    ),
    one(
      'lost',
      of(log, ({ lost }) => lost.reduce((sum, { count }) => sum + count, 0)),
      ['log-rate', 'log_lost'],
      null,
      ['log.lost'],
    ),
    one(
      'dropped',
      of(log, ({ dropped }) => dropped),
      ['log-rate', 'log_dropped'],
      'iptables_dropped_packets_total',
      ['log.dropped'],
    ),
    one(
      'log rate',
      of(log, ({ perMinute }) => perMinute),
      ['log-rate', 'log_per_minute'],
      null,
      ['log.rate'],
    ),
    one(
      'pending',
      of(updates, ({ pending }) => pending.length),
      ['updates', 'updates_pending'],
      'iptables_updates_pending',
      ['updates'],
    ),
    one(
      'security',
      of(updates, ({ security }) => security),
      ['updates', 'updates_security'],
      'iptables_updates_security',
      ['updates.security'],
    ),
    one(
      'open to everyone',
      of(exposure, (ports) => ports.filter(({ open }) => open === 'everyone').length),
      ['exposure', 'ports_open'],
      null,
      ['exposure.everyone'],
    ),
    one(
      'snapshot',
      of(backup, ({ last }) => last?.at ?? null),
      null,
      'iptables_last_backup_timestamp_seconds',
    ),
  ];
  if (rules.known)
    for (const { id, family, table, chain, target, packets } of rules.value)
      rows.push(
        one(
          `rule ${id}`,
          packets,
          null,
          `iptables_rule_packets_total{family="ipv${family}",table="${table}",chain="${chain}",target="${target}",rule_id="${id}"}`,
          ['rule', id, 'packets'],
        ),
      );
  if (chains.known)
    for (const { family, table, chain, policy, packets, rules: count } of chains.value) {
      const where = `family="ipv${family}",table="${table}",chain="${chain}"`;
      rows.push(
        one(`rules of ${family} ${chain}`, count, null, `iptables_chain_rules{${where}}`, [
          'chain',
          `${family}/${table}/${chain}`,
          'rules',
        ]),
      );
      if (policy !== null)
        rows.push(
          one(
            `policy of ${family} ${chain}`,
            packets,
            chain === 'OUTPUT' ? null : ['policy', `policy_packets.${family}:${chain}`],
            `iptables_chain_policy_packets_total{${where},policy="${policy}"}`,
            ['chain', `${family}/${table}/${chain}`, 'packets'],
          ),
        );
    }
  if (sets.known)
    for (const { name, type, entries } of sets.value)
      rows.push(
        one(`set ${name}`, entries, ['ipset', `entries.${name}`], `iptables_ipset_entries{set="${name}",type="${type}"}`, [
          'set',
          name,
          'entries',
        ]),
      );
  if (log.known)
    for (const { proto, prefix, count } of log.value.events)
      rows.push(one(`logged ${proto} ${prefix}`, count, null, `iptables_log_events_total{proto="${proto}",prefix="${prefix}"}`));
  if (alerts.known)
    for (const { channel, dead, waiting } of alerts.value) {
      rows.push(one(`${channel} dead`, dead, ['alerts', `alerts_dead.${channel}`], `iptables_alerts_dead{channel="${channel}"}`));
      rows.push(
        one(
          `${channel} waiting`,
          waiting,
          ['alerts', `alerts_waiting.${channel}`],
          `iptables_alerts_waiting{channel="${channel}"}`,
        ),
      );
    }
  return rows;
}

function one(
  what: string,
  value: Value,
  check: Quantity['check'] | null = null,
  metric: string | null = null,
  item: Quantity['item'] | null = null,
): Quantity {
  return { what, value, ...(check && { check }), ...(metric !== null && { metric }), ...(item && { item }) };
}

/** Each quantity as each mouth says it, where it does: what should be the same in all. @param now epoch seconds */
export function said(
  state: HostState,
  now: number,
): readonly { readonly what: string; readonly says: Readonly<Record<string, Value>> }[] {
  const read = { ok: true, state } as const;
  const metrics = {
    text: samplesIn(exposition(metricsOf(read), 'text')),
    openmetrics: samplesIn(exposition(metricsOf(read), 'openmetrics')),
  };
  const items: unknown = JSON.parse(itemsOf(read));
  const measures = new Map<string, Value>();
  for (const mode of checkModes) {
    const options = { only: [], except: [], rule: [], expect: 'hit', within: null } as const;
    for (const { label, value } of mode.run(state, now, options).measures) measures.set(`${mode.name} ${label}`, value);
  }
  return quantities(state).map(({ what, value, check, metric, item }) => ({
    what,
    says: {
      state: value,
      ...(check && { check: measures.get(check.join(' ')) ?? null }),
      ...(metric !== undefined && {
        text: metrics.text.get(metric) ?? null,
        openmetrics: metrics.openmetrics.get(metric) ?? null,
      }),
      ...(item && { item: numberAt(items, item) }),
    },
  }));
}

function samplesIn(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  // A rule's comment is said beside its name, which tells it from others.
  const plain = lines.map((line) => line.replace(/,comment="(?:[^"\\]|\\.)*"/, ''));
  return new Map(plain.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

function numberAt(of: unknown, path: readonly string[]): Value {
  const found = path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined),
    of,
  );
  return typeof found === 'number' ? found : null;
}
