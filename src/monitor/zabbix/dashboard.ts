import type { TemplateVersion } from './template.ts';

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
  number: { '6.0': 'ITEM', '7.0': 'item' },
  graph: { '6.0': 'GRAPH_CLASSIC', '7.0': 'graph' },
  text: { '6.0': 'PLAIN_TEXT', '7.0': 'itemhistory' },
} as const;

/** A page of 7.0 has three columns for each of 6.0's. */
const columns = { '6.0': 1, '7.0': 3 } as const;

interface Place {
  readonly template: string;
  readonly uuid: string;
  readonly version: TemplateVersion;
}

type Field = Readonly<Record<string, unknown>>;

/** A page that each host with the template has. */
export function dashboardOf({ template, uuid, version }: Place): Field {
  let y = 0;
  let made = 0;
  const widgets = rows.flatMap((row) => {
    let x = 0;
    const placed = row.map((widget) => {
      const at = {
        ...(x > 0 && { x: String(x * columns[version]) }),
        ...(y > 0 && { y: String(y) }),
        ...{ width: String(widget.width * columns[version]), height: String(widget.height) },
      };
      x += widget.width;
      // Since 7.0 widgets are known by five letters, of a page all different.
      const reference = `AAAA${String.fromCharCode(65 + made)}`;
      made += 1;
      return {
        ...{ type: kinds[widget.as][version], name: widget.title, ...at },
        fields: version === '6.0' ? fields60(widget, template) : fields70(widget, template, reference),
      };
    });
    y += Math.max(...row.map(({ height }) => height));
    return placed;
  });
  return { uuid, name: 'Firewall', pages: [{ widgets }] };
}

const itemField = (name: string, { item }: Widget, host: string): Field => ({
  ...{ type: 'ITEM', name, value: { key: `iptables.${item}`, host } },
});
const number = (name: string, value: number): Field => ({ type: 'INTEGER', name, value: String(value) });

function fields60(widget: Widget, template: string): readonly Field[] {
  return [
    itemField(widget.as === 'text' ? 'itemids' : 'itemid', widget, template),
    ...(widget.as === 'graph' ? [number('source_type', 1)] : []),
  ];
}

function fields70(widget: Widget, template: string, reference: string): readonly Field[] {
  if (widget.as === 'number') return [itemField('itemid.0', widget, template)];
  const named = { type: 'STRING', name: 'reference', value: reference };
  if (widget.as === 'graph') return [itemField('itemid.0', widget, template), named, number('source_type', 1)];
  return [
    itemField('columns.0.itemid', widget, template),
    number('columns.0.monospace_font', 1),
    { type: 'STRING', name: 'columns.0.name', value: widget.title },
    named,
    number('show_timestamp', 1),
  ];
}
