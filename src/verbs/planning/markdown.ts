import { code, fenced, plain, table } from '../../audit/reports/markup.ts';
import type { DiffJson } from '../diff-shapes.ts';
import type { PlanJson } from '../plan-shape.ts';
import { regionWords } from '../region-words.ts';

type Difference = DiffJson['families'][number]['ways'][number]['differences'][number];

/** Regions of one way that are listed; the rest is counted. */
const mostRows = 20;
/** Lines of one family beyond which they are folded away. */
const mostLines = 40;

/** A plan as a comment on a pull request: whether it may be made, whom it lets in and keeps out, and the lines. */
export function markdownOf(plan: PlanJson): string {
  const { policy, changes, refusals, tests, proof, notes, unknown, others } = plan;
  const failing = tests.filter(({ holds }) => !holds);
  const open = proof.filter(({ proved }) => !proved);
  return [
    `## Firewall plan: ${code(policy)}`,
    refusals.length > 0
      ? `**It would be refused.**`
      : changes
        ? '**There is something to do.**'
        : '**The host is as the policy says.**',
    ...(refusals.length === 0 ? [] : [refusals.map(({ why, remedy }) => `- ${plain(why)}: ${plain(remedy)}`).join('\n')]),
    ...(changes ? packetsText(plan) : []),
    [
      `- Tests: ${tests.length === 0 ? 'the policy has none' : failing.length === 0 ? `all ${tests.length} hold` : `**${failing.length} of ${tests.length} fail**`}`,
      ...failing.map(({ text, line }) => `  - ${plain(text)}${line === null ? '' : ` (line ${line})`}`),
      `- Proof that the rules mean what the policy says: ${open.length === 0 ? 'for every whole packet, limits reached and not' : 'not whole'}`,
      ...open.map(({ family, way, why }) => `  - IPv${family} ${way}: ${plain(why ?? 'not proved')}`),
      sessionsText(plan),
      ...(others.length === 0 ? [] : [`- Rules of others stay as they are: ${plain(others.join(', '))}`]),
      ...notes.map((note) => `- Note: ${plain(note)}`),
      ...unknown.map(({ what, why, remedy }) => `- Unknown: ${plain(what)}: ${plain(why)}; ${plain(remedy)}`),
    ].join('\n'),
    ...linesText(plan),
  ]
    .join('\n\n')
    .concat('\n');
}

function sessionsText({ sessions }: PlanJson): string {
  if (sessions === null) return '- Who manages the host now is unknown';
  const cut = sessions.filter(({ survives }) => !survives);
  if (sessions.length === 0) return '- Nobody is connected to manage the host';
  return cut.length === 0
    ? `- The ${sessions.length === 1 ? 'connection' : `${sessions.length} connections`} over which the host is managed now would live on`
    : `- **${cut.length} of ${sessions.length} connections over which the host is managed now would be cut**: ${plain(cut.map(({ peer }) => peer).join(', '))}`;
}

/** Each way on which new connections are treated otherwise, biggest regions first. */
function packetsText({ difference, strays }: PlanJson): readonly string[] {
  const parts: string[] = [];
  for (const { family, ways } of difference.families)
    for (const { hook, equal, undecided, differences } of ways) {
      if (equal === null) parts.push(`IPv${family} ${hook}: undecided, ${plain(undecided ?? '')}`);
      if (differences.length === 0) continue;
      const rows = differences.slice(0, mostRows).map((one) => [kinds[one.kind], regionWords(one.region), exampleOf(one)]);
      parts.push(`### IPv${family}, ${hook}`, table(['Change', 'New connections', 'Such as'], rows));
      if (differences.length > mostRows) parts.push(`${differences.length - mostRows} smaller regions are not listed.`);
    }
  const count = strays.families.flatMap(({ ways }) => ways.flatMap(({ differences }) => differences)).length;
  if (parts.length === 0) parts.push('No new connection is treated otherwise.');
  if (count > 0) parts.push(`Besides, ${count} kinds of packets that begin no connection are treated otherwise.`);
  return parts;
}

const kinds: Readonly<Record<Difference['kind'], string>> = {
  'newly-allowed': 'newly allowed',
  'newly-blocked': 'newly blocked',
  'blocked-otherwise': 'blocked otherwise',
  'other-way': 'takes another way',
};

function exampleOf({ witness, before, after }: Difference): string {
  const verdicts = `${before.verdict} → ${after.verdict}`;
  if (witness === null) return verdicts;
  const { proto, src, dst, sport, dport } = witness.packet;
  const end = (address: string, port: number | null): string => (port === null ? address : `${address} port ${port}`);
  return `${proto} ${end(src, sport)} to ${end(dst, dport)}: ${verdicts}`;
}

function linesText({ lines, sets }: PlanJson): readonly string[] {
  const parts = ([4, 6] as const).flatMap((family) => {
    const own = lines.filter((line) => line.family === family);
    if (own.length === 0) return [];
    const text = own.map(({ kind, table: name, text: line }) => `${kind === 'added' ? '+' : '-'} ${name} ${line}`).join('\n');
    const title = `IPv${family}: ${own.length} lines of iptables`;
    return own.length > mostLines
      ? [`<details><summary>${title}</summary>\n\n${fenced('diff', text)}\n\n</details>`]
      : [`${title}:\n\n${fenced('diff', text)}`];
  });
  const said = [
    ...sets.added.map(({ name, members }) => `new set ${code(name)} of ${members}`),
    ...sets.changed.map((name) => `set ${code(name)} holds something else than its name says`),
    ...sets.unused.map((name) => `set ${code(name)} is no longer asked`),
  ];
  return said.length === 0 ? parts : [...parts, said.map((line) => `- ${line}`).join('\n')];
}
