import type { HostState, StateRead } from '../state/index.ts';
import { labelValue, type Metric, type Sample } from './metric.ts';

export interface MetricOptions {
  /** Also what each rule says, as `iptables_rule_info`: one more series a rule. */
  readonly ruleTexts?: boolean;
}

/** More rules than that are counted together, those of a chain with the same target: a series each is too many for whoever keeps them. */
export const mostRules = 2000;
const mostSets = 500;
const mostPrefixes = 100;

const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
const parts = [
  ...(['audit', 'backends', 'rulesets', 'chains', 'rules', 'drift', 'persistence', 'sets', 'conntrack', 'log'] as const),
  ...(['incidents', 'bans', 'backup', 'updates', 'exposure', 'alerts'] as const),
] as const;

/**
 * A state as metrics. What is not known has no sample, and `iptables_known` is 0 for it; where there is no state that counts, the only samples say so.
 * The same thing never has two samples.
 */
export function metricsOf(read: StateRead, options: MetricOptions = {}): readonly Metric[] {
  const success = gauge('iptables_scrape_success', '1 if the state of the host could be read and is not too old.', [
    sample({}, read.ok ? 1 : 0),
  ]);
  if (!read.ok) return [success];
  const { state } = read;
  return [success, ...ofPalisade(state), ...ofRules(state, options), ...ofHost(state), ...ofEvents(state)].filter(
    ({ samples }) => samples.length > 0,
  );
}

function ofPalisade(state: HostState): readonly Metric[] {
  const { audit, backup, alerts } = state;
  return [
    info('iptables_exporter_build', 'The palisade that says this.', [sample({ version: state.palisade.version }, 1)]),
    gauge('iptables_state_timestamp_seconds', 'When the host was read.', [sample({}, state.at)]),
    gauge('iptables_scrape_duration_seconds', 'What reading the host took.', [sample({}, state.spent.readMs / 1000)]),
    gauge('iptables_audit_duration_seconds', 'What the latest audit took.', [sample({}, state.spent.auditMs / 1000)]),
    gauge(
      'iptables_known',
      '1 if this part of the state is known; what is not known is never good.',
      parts.map((part) => sample({ part }, state[part].known ? 1 : 0)),
    ),
    ...(audit.known
      ? [
          gauge('iptables_last_audit_timestamp_seconds', 'When the firewall was last audited.', [sample({}, audit.value.at)]),
          gauge(
            'iptables_audit_score',
            'The score of the audit, 0 to 100; missing while too little is known.',
            audit.value.score === null ? [] : [sample({}, audit.value.score)],
          ),
          gauge('iptables_audit_confidence_ratio', 'How many of the checks could be answered.', [
            sample({}, audit.value.confidence / 100),
          ]),
          gauge('iptables_audit_unanswered_checks', 'Checks that could not be answered.', [
            sample({}, new Set(audit.value.unknown.map(({ id }) => id)).size),
          ]),
          gauge(
            'iptables_protected',
            'Whether the host is protected: 1 for the answer that holds.',
            (['yes', 'no', 'unknown'] as const).map((answer) => sample({ answer }, audit.value.protected === answer ? 1 : 0)),
          ),
          gauge(
            'iptables_audit_findings',
            'Findings of the audit, by severity.',
            severities.map((severity) => sample({ severity }, audit.value.counts[severity])),
          ),
          gauge(
            'iptables_findings',
            'Findings of the audit, by severity and check; a check that found nothing is missing.',
            counted(audit.value.findings.map(({ severity, id }) => ({ severity, check: id }))),
          ),
        ]
      : []),
    ...(backup.known && backup.value.last !== null
      ? [
          gauge('iptables_last_backup_timestamp_seconds', 'When the newest snapshot was taken.', [
            sample({}, backup.value.last.at),
          ]),
          gauge(
            'iptables_last_restore_test_success',
            '1 if the newest snapshot was loaded and read back, 0 if that failed; missing if it was not tried.',
            backup.value.last.proven === null ? [] : [sample({}, backup.value.last.proven ? 1 : 0)],
          ),
        ]
      : []),
    ...(backup.known
      ? [
          gauge('iptables_backup_failing', '1 if the last snapshot or its copy failed.', [
            sample({}, backup.value.failing === null ? 0 : 1),
          ]),
        ]
      : []),
    ...(alerts.known
      ? [
          gauge(
            'iptables_alerts_waiting',
            'Alerts that wait to be delivered.',
            alerts.value.map(({ channel, waiting }) => sample({ channel }, waiting)),
          ),
          gauge(
            'iptables_alerts_dead',
            'Alerts that could not be delivered and are not tried again.',
            alerts.value.map(({ channel, dead }) => sample({ channel }, dead)),
          ),
          counter(
            'iptables_alerts_delivered',
            'Alerts that were delivered.',
            alerts.value.map(({ channel, delivered }) => sample({ channel }, delivered)),
          ),
        ]
      : []),
  ];
}

function ofRules(state: HostState, { ruleTexts = false }: MetricOptions): readonly Metric[] {
  const { chains, rules, rulesets, backends, drift, persistence } = state;
  const policies = chains.known ? chains.value.filter(({ policy }) => policy !== null) : [];
  const place = ({ family, table, chain }: { family: 4 | 6; table: string; chain: string }) => ({
    family: familyName(family),
    table,
    chain,
  });
  const ruleSamples = rules.known ? seriesOfRules(rules.value) : [];
  const backendOf = (family: 4 | 6): string =>
    backends.known ? (backends.value.find((one) => one.family === family)?.backend ?? 'unknown') : 'unknown';
  return [
    counter(
      'iptables_rule_packets',
      'Packets that a rule has met since it was first seen, whatever was reloaded meanwhile.',
      ruleSamples.map(({ labels, packets }) => sample(labels, packets)),
    ),
    counter(
      'iptables_rule_bytes',
      'Bytes that a rule has met since it was first seen.',
      ruleSamples.map(({ labels, bytes }) => sample(labels, bytes)),
    ),
    info(
      'iptables_rule',
      'What a rule says.',
      ruleTexts && rules.known && rules.value.length <= mostRules
        ? rules.value.map(({ id, text }) => sample({ rule_id: id, rule: text }, 1))
        : [],
    ),
    counter(
      'iptables_chain_policy_packets',
      'Packets that the policy of a chain decided.',
      policies.flatMap((chain) =>
        chain.packets === null ? [] : sample({ ...place(chain), policy: chain.policy ?? '' }, chain.packets),
      ),
    ),
    counter(
      'iptables_chain_policy_bytes',
      'Bytes that the policy of a chain decided.',
      policies.flatMap((chain) =>
        chain.bytes === null ? [] : sample({ ...place(chain), policy: chain.policy ?? '' }, chain.bytes),
      ),
    ),
    gauge(
      'iptables_chain_rules',
      'Rules in a chain.',
      chains.known ? chains.value.map((chain) => sample(place(chain), chain.rules)) : [],
    ),
    info(
      'iptables_chain_policy',
      'The policy of a chain.',
      policies.map((chain) => sample({ ...place(chain), policy: chain.policy ?? '' }, 1)),
    ),
    info(
      'iptables_ruleset',
      'Which rules are in force: their digest without counters, and whose they are.',
      rulesets.known
        ? rulesets.value.map(({ family, sha256 }) =>
            sample({ family: familyName(family), sha256, backend: backendOf(family) }, 1),
          )
        : [],
    ),
    gauge(
      'iptables_ruleset_last_change_timestamp_seconds',
      'When the rules were last seen to change; missing: not since palisade watches.',
      rulesets.known
        ? rulesets.value.flatMap(({ family, changedAt }) =>
            changedAt === null ? [] : sample({ family: familyName(family) }, changedAt),
          )
        : [],
    ),
    gauge(
      'iptables_drift',
      '1 if the firewall is not as it was accepted, and somebody should look at it.',
      drift.known ? [sample({}, drift.value.drifted ? 1 : 0)] : [],
    ),
    gauge(
      'iptables_drift_rules',
      'Rules and policies that are other than they were accepted.',
      drift.known ? drifted(state) : [],
    ),
    gauge(
      'iptables_saved_as_running',
      '1 if what the next start loads is what is in force.',
      persistence.known
        ? persistence.value.flatMap(({ family, source, stands }) =>
            stands === 'unknown' ? [] : sample({ family: familyName(family), source }, stands === 'same' ? 1 : 0),
          )
        : [],
    ),
  ];
}

function ofHost(state: HostState): readonly Metric[] {
  const { sets, conntrack, updates, exposure } = state;
  const table = conntrack.known ? conntrack.value : null;
  const named = sets.known ? sets.value.slice(0, mostSets) : [];
  const one = (value: number | undefined): readonly Sample[] => (value === undefined ? [] : [sample({}, value)]);
  return [
    gauge('iptables_conntrack_entries', 'Tracked connections.', one(table?.entries)),
    gauge('iptables_conntrack_limit', 'How many connections can be tracked.', one(table?.limit)),
    counter('iptables_conntrack_drops', 'Packets of new connections that found no room.', one(table?.dropped)),
    counter('iptables_conntrack_early_drops', 'Old connections that made room for new ones.', one(table?.earlyDropped)),
    counter('iptables_conntrack_insert_failed', 'Connections of which one packet was lost to another.', one(table?.insertFailed)),
    gauge(
      'iptables_ipset_entries',
      'Members of a set.',
      named.map(({ name, type, entries }) => sample({ set: name, type }, entries)),
    ),
    gauge(
      'iptables_ipset_maxelem',
      'How many members a set takes.',
      named.flatMap(({ name, type, most }) => (most === null ? [] : sample({ set: name, type }, most))),
    ),
    gauge(
      'iptables_ipset_memory_bytes',
      'Memory of a set.',
      named.flatMap(({ name, type, bytes }) => (bytes === null ? [] : sample({ set: name, type }, bytes))),
    ),
    gauge('iptables_ipsets', 'Sets, also those beyond the first 500.', sets.known ? [sample({}, sets.value.length)] : []),
    gauge(
      'iptables_updates_pending',
      'Packages of the firewall and the kernel of which there is a newer version.',
      updates.known ? [sample({}, updates.value.pending.length)] : [],
    ),
    gauge(
      'iptables_updates_security',
      'Of these, updates that mend a vulnerability.',
      updates.known ? [sample({}, updates.value.security)] : [],
    ),
    gauge(
      'iptables_restart_required',
      '1 if the machine has to start anew for an update to take hold.',
      updates.known && updates.value.restart !== null ? [sample({}, updates.value.restart ? 1 : 0)] : [],
    ),
    gauge(
      'iptables_listening_ports',
      'Ports that something listens on, by who of the world outside reaches them.',
      exposure.known
        ? ([4, 6] as const).flatMap((family) =>
            (['everyone', 'some', 'nobody', 'unknown'] as const).map((open) =>
              sample(
                { family: familyName(family), open },
                exposure.value.filter((port) => port.family === family && port.open === open).length,
              ),
            ),
          )
        : [],
    ),
  ];
}

function ofEvents(state: HostState): readonly Metric[] {
  const { log, incidents, bans } = state;
  return [
    counter(
      'iptables_log_events',
      'Logged packets since palisade watches.',
      log.known
        ? merged(
            log.value.events.map(({ proto, prefix, count }) => [{ proto, prefix }, count] as const),
            mostPrefixes,
          )
        : [],
    ),
    counter(
      'iptables_log_lines_lost',
      'Logged packets and records that could not be read.',
      log.known
        ? merged(
            log.value.lost.map(({ source, count }) => [{ source }, count] as const),
            mostPrefixes,
          )
        : [],
    ),
    gauge(
      'iptables_log_sources',
      'Places where logged packets are read.',
      log.known ? [sample({}, log.value.sources.length)] : [],
    ),
    gauge(
      'iptables_log_last_event_timestamp_seconds',
      'When the last packet was logged.',
      log.known && log.value.last !== null ? [sample({}, log.value.last)] : [],
    ),
    counter(
      'iptables_dropped_packets',
      'Packets that rules and policies dropped, as counted.',
      log.known && log.value.dropped !== null ? [sample({}, log.value.dropped)] : [],
    ),
    gauge(
      'iptables_incidents',
      'Incidents that go on, and that nobody has acknowledged or silenced.',
      incidents.known ? severities.map((severity) => sample({ severity }, incidents.value.open[severity])) : [],
    ),
    gauge(
      'iptables_incidents_attended',
      'Incidents that go on, and that somebody has acknowledged or silenced.',
      incidents.known ? [sample({}, incidents.value.attended)] : [],
    ),
    gauge('iptables_bans', 'Sources that are shut out now.', bans.known ? [sample({}, bans.value.active)] : []),
  ];
}

interface RuleSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly packets: number;
  readonly bytes: number;
}

type Rules = Extract<HostState['rules'], { known: true }>['value'];

function seriesOfRules(rules: Rules): readonly RuleSeries[] {
  if (rules.length <= mostRules)
    return rules.map(({ family, table, chain, target, id, comment, packets, bytes }) => ({
      labels: { family: familyName(family), table, chain, target, rule_id: id, ...(comment !== null && { comment }) },
      packets,
      bytes,
    }));
  const together = new Map<string, RuleSeries>();
  for (const { family, table, chain, target, packets, bytes } of rules) {
    const labels = { family: familyName(family), table, chain, target, rule_id: 'all' };
    const key = JSON.stringify(Object.values(labels));
    const before = together.get(key);
    together.set(key, { labels, packets: (before?.packets ?? 0) + packets, bytes: (before?.bytes ?? 0) + bytes });
  }
  return [...together.values()];
}

/** Also zeros for the tables that are there, so that an alert sees it end. */
function drifted({ chains, drift }: HostState): readonly Sample[] {
  if (!drift.known) return [];
  const counts = new Map<string, Sample>();
  const add = (family: 4 | 6 | null, table: string | null, change: string, count: number): void => {
    const labels = { family: family === null ? 'any' : familyName(family), table: table ?? 'any', change };
    const key = JSON.stringify(Object.values(labels));
    counts.set(key, sample(labels, (counts.get(key)?.value ?? 0) + count));
  };
  for (const { family, table } of chains.known ? chains.value : [])
    for (const change of ['added', 'removed', 'moved', 'policy'] as const) add(family, table, change, 0);
  for (const { family, table, change, count } of drift.value.changes) add(family, table, change, count);
  return [...counts.values()];
}

/** How many there are of each. */
function counted(all: readonly Readonly<Record<string, string>>[]): readonly Sample[] {
  return merged(
    all.map((labels) => [labels, 1] as const),
    all.length,
  );
}

/** Sums of what has the same labels, as they are shown; those beyond so many are left out. */
function merged(all: readonly (readonly [Readonly<Record<string, string>>, number])[], most: number): readonly Sample[] {
  const sums = new Map<string, Sample>();
  for (const [labels, value] of all) {
    const shown = sample(labels, value);
    const key = JSON.stringify(Object.values(shown.labels));
    const before = sums.get(key);
    if (before === undefined && sums.size >= most) continue;
    sums.set(key, { ...shown, value: (before?.value ?? 0) + value });
  }
  return [...sums.values()];
}

function sample(labels: Readonly<Record<string, string>>, value: number): Sample {
  return { labels: Object.fromEntries(Object.entries(labels).map(([name, text]) => [name, labelValue(text)])), value };
}

function familyName(family: 4 | 6): string {
  return `ipv${family}`;
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, type: 'gauge', samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, type: 'counter', samples };
}

function info(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, type: 'info', samples };
}
