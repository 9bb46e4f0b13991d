import type { ConnectionsJson } from '../../verbs/index.ts';
import { type Cell, paragraph, table } from './table.ts';
import type { View } from './view.ts';

type Connection = ConnectionsJson['connections'][number];
type Judged = Connection['now'][number];

/** So many are drawn; `--json` has all. */
const most = 500;

/** A row a connection: who, what, by which rule in, by which now. */
export function whole({ host, connections, unknown }: ConnectionsJson, view: View): string {
  const lost = connections.filter(({ anew }) => anew === 'no').length;
  const count = connections.length === 1 ? '1 connection' : `${connections.length} connections`;
  const warned = lost === 0 ? '' : `; ${lost} of them would not be let in by the present rules`;
  const head = paragraph(`${host}: ${count}${warned}.`, view);
  const rows = table(
    [
      { title: 'PROTO' },
      { title: 'WAY' },
      { title: 'PEER', grows: true },
      { title: 'TO', grows: true },
      { title: 'PROCESS' },
      { title: 'LET IN BY', grows: true },
      { title: 'PASSES NOW BY', grows: true },
    ],
    connections.slice(0, most).map(row),
    view,
  );
  const more = connections.length > most ? paragraph(`and ${connections.length - most} more, which --json lists`, view) : '';
  const missing = unknown.map(({ what, why, remedy }) => paragraph(`${what}: ${why}; ${remedy}`, view, 0, 'UNKNOWN  '));
  return `${head}${rows === '' ? '' : '\n'}${rows}${more}${missing.length === 0 ? '' : '\n'}${missing.join('')}`;
}

function row(one: Connection): Cell[] {
  const { proto, direction, first, translated, process, opens, now, anew, why } = one;
  const end = direction === 'outbound' ? at(first.src, first.sport) : at(first.dst, first.dport);
  const led =
    translated === null
      ? ''
      : translated.dst !== first.dst || translated.dport !== first.dport
        ? ` → ${at(translated.dst, translated.dport)}`
        : ` (as ${at(translated.src, translated.sport)})`;
  return [
    `${proto}${one.family === 6 ? '6' : ''}`,
    direction,
    at(one.peer.address, one.peer.port),
    `${direction === 'outbound' ? 'from ' : ''}${end}${led}`,
    process ?? '',
    letIn(opens, anew, why),
    now.every(({ verdict }) => verdict === 'ACCEPT') ? places(now) : { text: outcome(now), style: 'yellow' },
  ];
}

function letIn(opens: readonly Judged[], anew: Connection['anew'], why: string | null): Cell {
  const reason = why === null ? '' : `: ${why}`;
  switch (anew) {
    case 'yes':
      return places(opens);
    case 'depends':
      return {
        text: `depends${reason === '' ? ` on ${opens.flatMap(({ dependsOn }) => dependsOn).join('; ')}` : reason}`,
        style: 'yellow',
      };
    case 'unknown':
      return { text: `unknown${reason}`, style: 'yellow' };
    case 'no':
      return {
        text: `accepted before the rules changed${reason === '' ? `: now ${outcome(opens)}` : reason}`,
        style: ['bold', 'red'],
      };
  }
}

function outcome(judged: readonly Judged[]): string {
  const [first] = judged.filter(({ verdict }) => verdict !== 'ACCEPT');
  if (first === undefined) return '';
  if (first.verdict === null) return 'unknown';
  const by = first.decidedBy === null ? '' : ` by ${place(first)}`;
  return first.verdict === 'DEPENDS' ? `depends on ${first.dependsOn.join('; ')}` : `${first.verdict}${by}`;
}

function places(judged: readonly Judged[]): string {
  return [...new Set(judged.map(place))].join(', ');
}

/** `INPUT 3`, `OUTPUT policy`; of other tables than filter with the table. */
function place({ decidedBy }: Judged): string {
  if (decidedBy === null) return 'no rules';
  const { table: name, chain, rule } = decidedBy;
  return `${name === 'filter' ? '' : `${name} `}${chain} ${rule}`;
}

function at(address: string, port: number | null): string {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
