import type { RulesetJson, StatusJson } from '../../../src/verbs/shapes.ts';
import type { LiveHost } from '../live.ts';
import { countWords, visible } from '../words.ts';

const connections: Readonly<Record<LiveHost['connection'], { says: string; more: string }>> = {
  connecting: { says: 'Connecting', more: 'Asking palisade for its latest reading.' },
  live: { says: 'Live', more: 'Changes and logged packets appear as they happen.' },
  reconnecting: {
    says: 'Reconnecting',
    more: 'palisade does not answer: what you see is its last word. If it was stopped, start it again and open the URL that it prints.',
  },
  refused: { says: 'Token refused', more: 'Copy the URL that palisade printed when it started.' },
};

interface BarProps {
  status: StatusJson | null;
  rules: RulesetJson | null;
  dropped: number;
  connection: LiveHost['connection'];
}

/** Where one is, where one can go, and whether what one sees is live. */
export function Bar({ status, rules, dropped, connection }: BarProps) {
  // Rules that were not read are not none.
  const ruleCount = (rules?.families.length === 0 ? null : rules)?.families.reduce(
    (sum, { tables }) => sum + tables.reduce((of, { chains }) => of + chains.reduce((n, chain) => n + chain.rules.length, 0), 0),
    0,
  );
  const places: readonly (readonly [string, string, number | undefined])[] = [
    ['#findings', 'Findings', status?.findings.length],
    ['#unknown', 'Unknown', status === null || rules === null ? undefined : status.unknown.length + rules.unknown.length],
    ['#trace', 'Trace', undefined],
    ['#dropped', 'Logged', dropped],
    ['#rules', 'Rules', ruleCount],
  ];
  const { says, more } = connections[connection];
  return (
    <header class="bar">
      <a class="skip" href="#findings">
        Skip to the findings
      </a>
      <span class="brand">palisade</span>
      {status === null ? null : <span class="host">{visible(status.host)}</span>}
      <nav aria-label="Sections">
        {(status === null || rules === null ? [] : places).map(([href, name, count]) => (
          <a key={href} href={href}>
            {name}
            {count === undefined ? null : <span class="count">{countWords(count)}</span>}
          </a>
        ))}
      </nav>
      <span class={`connection ${connection}`} role="status" title={more}>
        <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true" focusable="false">
          <circle cx="6" cy="6" r="4.5" />
        </svg>
        {says}
      </span>
    </header>
  );
}
