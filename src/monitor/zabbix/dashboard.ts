interface Widget {
  readonly item: string;
  readonly title: string;
  readonly as: 'number' | 'graph' | 'text';
  /** In columns and rows of the page, which is 24 wide. */
  readonly width: number;
  readonly height: number;
}

/** The rows of the page, each 24 wide: how it stands, what came, what there is room for, what to do. */
const rows: readonly (readonly Widget[])[] = [
  [
    { item: 'protected', title: 'Protected', as: 'number', width: 4, height: 3 },
    { item: 'score', title: 'Score', as: 'number', width: 4, height: 3 },
    { item: 'findings.critical', title: 'Critical findings', as: 'number', width: 4, height: 3 },
    { item: 'incidents.high', title: 'Incidents, high', as: 'number', width: 4, height: 3 },
    { item: 'drift', title: 'Drift', as: 'number', width: 4, height: 3 },
    { item: 'unknown', title: 'Not known', as: 'number', width: 4, height: 3 },
  ],
  [
    { item: 'log.dropped', title: 'Dropped packets', as: 'graph', width: 12, height: 5 },
    { item: 'log.rate', title: 'Logged packets', as: 'graph', width: 12, height: 5 },
  ],
  [
    { item: 'conntrack.used', title: 'Connection tracking', as: 'graph', width: 12, height: 5 },
    { item: 'bans', title: 'Sources shut out', as: 'graph', width: 12, height: 5 },
  ],
  [
    { item: 'findings.text', title: 'Findings', as: 'text', width: 12, height: 5 },
    { item: 'incidents.text', title: 'Open incidents', as: 'text', width: 12, height: 5 },
  ],
];

const kinds = {
  number: { type: 'ITEM', field: 'itemid' },
  graph: { type: 'GRAPH_CLASSIC', field: 'itemid' },
  text: { type: 'PLAIN_TEXT', field: 'itemids' },
} as const;

interface Place {
  readonly template: string;
  readonly uuid: string;
}

/** A page that each host with the template has. */
export function dashboardOf({ template, uuid }: Place): Readonly<Record<string, unknown>> {
  let y = 0;
  const widgets = rows.flatMap((row) => {
    let x = 0;
    const placed = row.map(({ item, title, as, width, height }) => {
      const { type, field } = kinds[as];
      const widget = {
        ...{ type, name: title },
        ...(x > 0 && { x: String(x) }),
        ...(y > 0 && { y: String(y) }),
        ...{ width: String(width), height: String(height) },
        fields: [
          { type: 'ITEM', name: field, value: { key: `iptables.${item}`, host: template } },
          ...(as === 'graph' ? [{ type: 'INTEGER', name: 'source_type', value: '1' }] : []),
        ],
      };
      x += width;
      return widget;
    });
    y += Math.max(...row.map(({ height }) => height));
    return placed;
  });
  return { uuid, name: 'Firewall', pages: [{ widgets }] };
}
