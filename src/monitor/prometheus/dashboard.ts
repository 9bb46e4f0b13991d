/**
 * The dashboard for Grafana, in its classic JSON model, which every version since 9 takes (Grafana, "JSON model"). Its uid and the panels' ids stay
 * the same from release to release, so that an import replaces what was there.
 */
/** What Grafana puts the source's uid in place of, where a person imports the file and says which source it is. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is Grafana's own
export const askedSource = '${DS_PROMETHEUS}';
const source = { type: 'prometheus', uid: askedSource } as const;
const chosen = 'job=~"$job",instance=~"$instance"';

interface Placed {
  readonly width: number;
  readonly height: number;
}

interface Query {
  readonly expr: string;
  readonly legend?: string;
}

type Step = readonly [from: number | null, color: string];

interface Panel extends Placed {
  readonly type: 'stat' | 'timeseries' | 'table' | 'bargauge';
  readonly title: string;
  readonly what: string;
  readonly queries: readonly Query[];
  readonly unit?: string;
  readonly steps?: readonly Step[];
  readonly mappings?: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
  readonly stacked?: boolean;
}

const green = 'green';
const good: readonly Step[] = [
  [null, green],
  [1, 'red'],
];

const panels: readonly Panel[] = [
  {
    type: 'stat',
    title: 'Protected',
    what: 'Whether the firewall protects the host. Unknown is not good.',
    width: 4,
    height: 4,
    queries: [
      {
        expr: `min(iptables_protected{${chosen},answer="yes"}) + 2 * max(iptables_protected{${chosen},answer="unknown"}) or vector(2)`,
      },
    ],
    mappings: {
      0: { text: '✗ no', color: 'red' },
      1: { text: '✓ yes', color: green },
      2: { text: '? unknown', color: 'orange' },
      3: { text: '? unknown', color: 'orange' },
    },
  },
  {
    type: 'stat',
    title: 'Critical and high findings',
    what: 'palisade audit lists them, each with a packet that shows it.',
    width: 4,
    height: 4,
    queries: [{ expr: `sum(iptables_audit_findings{${chosen},severity=~"critical|high"})` }],
    steps: good,
  },
  {
    type: 'stat',
    title: 'Incidents that go on',
    what: 'Those that nobody has acknowledged or silenced.',
    width: 4,
    height: 4,
    queries: [{ expr: `sum(iptables_incidents{${chosen},severity!="info"})` }],
    steps: good,
  },
  {
    type: 'stat',
    title: 'Rules that differ',
    what: 'From what was accepted.',
    width: 4,
    height: 4,
    queries: [{ expr: `sum(iptables_drift_rules{${chosen}})` }],
    steps: good,
  },
  {
    type: 'stat',
    title: 'Audit score',
    what: '0 to 100. A critical finding caps it at 40.',
    width: 4,
    height: 4,
    queries: [{ expr: `min(iptables_audit_score{${chosen}})` }],
    steps: [
      [null, 'red'],
      [60, 'orange'],
      [85, green],
    ],
  },
  {
    type: 'stat',
    title: 'State read',
    what: 'How long ago the host was read.',
    width: 4,
    height: 4,
    unit: 's',
    queries: [{ expr: `time() - min(iptables_state_timestamp_seconds{${chosen}})` }],
    steps: [
      [null, green],
      [180, 'orange'],
      [600, 'red'],
    ],
  },
  {
    type: 'timeseries',
    title: 'Dropped and logged packets',
    what: 'What rules and policies drop, and how much of it is logged.',
    width: 12,
    height: 8,
    unit: 'pps',
    queries: [
      {
        expr: `sum by (instance) (rate(iptables_dropped_packets_total{${chosen}}[$__rate_interval]))`,
        legend: 'dropped {{instance}}',
      },
      { expr: `sum by (instance) (rate(iptables_log_events_total{${chosen}}[$__rate_interval]))`, legend: 'logged {{instance}}' },
    ],
  },
  {
    type: 'timeseries',
    title: 'Rules that drop or reject',
    what: 'Packets a second, by chain.',
    width: 12,
    height: 8,
    unit: 'pps',
    stacked: true,
    queries: [
      {
        expr: `sum by (family, table, chain) (rate(iptables_rule_packets_total{${chosen},target=~"DROP|REJECT"}[$__rate_interval]))`,
        legend: '{{family}} {{table}} {{chain}}',
      },
    ],
  },
  {
    type: 'timeseries',
    title: 'Incidents',
    what: 'Those that go on, by severity.',
    width: 12,
    height: 7,
    stacked: true,
    queries: [{ expr: `sum by (severity) (iptables_incidents{${chosen}})`, legend: '{{severity}}' }],
  },
  {
    type: 'timeseries',
    title: 'Sources that are shut out',
    what: 'Bans in force.',
    width: 12,
    height: 7,
    queries: [{ expr: `sum by (instance) (iptables_bans{${chosen}})`, legend: '{{instance}}' }],
  },
  {
    type: 'timeseries',
    title: 'Connection table',
    what: 'When it is full, new connections are dropped before any rule.',
    width: 8,
    height: 7,
    unit: 'percentunit',
    queries: [{ expr: `iptables_conntrack_entries{${chosen}} / iptables_conntrack_limit{${chosen}}`, legend: '{{instance}}' }],
    steps: [
      [null, green],
      [0.8, 'orange'],
      [0.95, 'red'],
    ],
  },
  {
    type: 'bargauge',
    title: 'Fullest sets',
    what: 'A set that is full takes no further members.',
    width: 8,
    height: 7,
    unit: 'percentunit',
    queries: [
      {
        expr: `topk(10, iptables_ipset_entries{${chosen}} / iptables_ipset_maxelem{${chosen}})`,
        legend: '{{instance}} {{set}}',
      },
    ],
    steps: [
      [null, green],
      [0.8, 'orange'],
      [0.95, 'red'],
    ],
  },
  {
    type: 'timeseries',
    title: 'Lost',
    what: 'Logged packets that could not be read, and alerts that could not be delivered.',
    width: 8,
    height: 7,
    queries: [
      {
        expr: `sum by (source) (increase(iptables_log_lines_lost_total{${chosen}}[$__rate_interval]))`,
        legend: 'not read: {{source}}',
      },
      { expr: `sum by (channel) (iptables_alerts_dead{${chosen}})`, legend: 'not delivered: {{channel}}' },
    ],
  },
  {
    type: 'table',
    title: 'Findings',
    what: 'What is wrong with the firewall as it stands.',
    width: 12,
    height: 9,
    queries: [{ expr: `sum by (instance, severity, check) (iptables_findings{${chosen}})` }],
  },
  {
    type: 'table',
    title: 'Policies',
    what: 'What becomes of packets that no rule decides.',
    width: 12,
    height: 9,
    queries: [{ expr: `max by (instance, family, table, chain, policy) (iptables_chain_policy_info{${chosen}})` }],
  },
];

/** Every expression, as Grafana asks it but for its variables. */
export const dashboardQueries: readonly string[] = panels.flatMap(({ queries }) => queries.map(({ expr }) => expr));

export function dashboard(): unknown {
  return {
    __inputs: [
      { name: 'DS_PROMETHEUS', label: 'Prometheus', type: 'datasource', pluginId: 'prometheus', pluginName: 'Prometheus' },
    ],
    __requires: [
      { type: 'grafana', id: 'grafana', name: 'Grafana', version: '9.0.0' },
      { type: 'datasource', id: 'prometheus', name: 'Prometheus', version: '1.0.0' },
    ],
    id: null,
    uid: 'palisade-host-firewall',
    title: 'Host firewall',
    description: 'iptables on Linux servers, as palisade sees it.',
    tags: ['palisade', 'iptables', 'security'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    templating: {
      list: [
        variable('job', 'label_values(iptables_scrape_success, job)'),
        variable('instance', 'label_values(iptables_scrape_success{job=~"$job"}, instance)'),
      ],
    },
    annotations: {
      list: [
        {
          name: 'Rules changed',
          datasource: source,
          enable: true,
          iconColor: 'orange',
          expr: `changes(iptables_ruleset_last_change_timestamp_seconds{${chosen}}[$__interval]) > 0`,
          titleFormat: '{{instance}} {{family}}',
        },
      ],
    },
    panels: placed(),
  };
}

function variable(name: string, query: string): unknown {
  return {
    name,
    type: 'query',
    datasource: source,
    query: { query, refId: name },
    refresh: 2,
    includeAll: true,
    multi: true,
    current: { selected: true, text: 'All', value: '$__all' },
  };
}

/** From left to right, 24 columns a row. */
function placed(): readonly unknown[] {
  let x = 0;
  let y = 0;
  let tallest = 0;
  return panels.map((panel, index) => {
    if (x + panel.width > 24) {
      x = 0;
      y += tallest;
      tallest = 0;
    }
    const gridPos = { x, y, w: panel.width, h: panel.height };
    x += panel.width;
    tallest = Math.max(tallest, panel.height);
    return panelJson(panel, index + 1, gridPos);
  });
}

function panelJson(panel: Panel, id: number, gridPos: unknown): unknown {
  const { type, title, what, queries, unit = 'short', steps = [[null, green]], mappings = {}, stacked = false } = panel;
  const now = type !== 'timeseries';
  return {
    id,
    type,
    title,
    description: what,
    gridPos,
    datasource: source,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: source,
      expr,
      ...(legend !== undefined && { legendFormat: legend }),
      ...(now && { instant: true }),
      ...(type === 'table' && { format: 'table' }),
    })),
    fieldConfig: {
      defaults: {
        unit,
        ...(unit === 'percentunit' && { min: 0, max: 1 }),
        thresholds: { mode: 'absolute', steps: steps.map(([value, color]) => ({ value, color })) },
        mappings: Object.keys(mappings).length === 0 ? [] : [{ type: 'value', options: mappings }],
        ...(type === 'timeseries' && {
          custom: { drawStyle: 'line', lineWidth: 1, fillOpacity: 15, stacking: { mode: stacked ? 'normal' : 'none' } },
        }),
      },
      overrides: [],
    },
    ...(type === 'stat' && {
      options: { colorMode: 'background', graphMode: 'none', reduceOptions: { calcs: ['lastNotNull'] } },
    }),
    ...(type === 'bargauge' && {
      options: { displayMode: 'basic', orientation: 'horizontal', reduceOptions: { calcs: ['lastNotNull'] } },
    }),
    ...(type === 'table' && {
      transformations: [{ id: 'organize', options: { excludeByName: { Time: true, Value: false } } }],
    }),
  };
}
