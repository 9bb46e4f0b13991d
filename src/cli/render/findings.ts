import type { AuditAnswerJson, FindingJson } from '../../verbs/index.ts';
import { paragraph, table } from './table.ts';
import type { View } from './view.ts';
import { heading, paintWords, placeWords, proofWords, severityStyles, witnessWords } from './words.ts';

interface Unknown {
  readonly id: string;
  readonly why: string;
  readonly remedy: string;
}

/** One row a finding, with its witness under it: what a screen has room for. */
export function findingsTable(findings: readonly FindingJson[], view: View): string {
  return table(
    [{ title: 'SEVERITY' }, { title: 'ID' }, { title: 'FINDING', grows: true }],
    findings.map((finding) => {
      const text = titleOf(finding);
      return [
        { text: finding.severity, style: severityStyles[finding.severity] },
        finding.id,
        finding.witness === null ? text : { text, below: witnessWords(finding.witness) },
      ];
    }),
    view,
  );
}

/** Everything about each finding: what it means, where it stands (in `file`, if it is one), the packet that shows it, how to mend it. */
export function findingsInFull(
  findings: readonly (FindingJson | AuditAnswerJson['findings'][number])[],
  view: View,
  file: string | null = null,
): string {
  return findings
    .map((finding) => {
      const { paint } = view;
      const lines = [
        '\n',
        paragraph(
          `${paint(severityStyles[finding.severity], finding.severity.toUpperCase())}  ${finding.id}  ${paintWords('bold', titleOf(finding), view)}`,
          view,
        ),
        paragraph(finding.why, view, 2),
      ];
      if (finding.at.length > 0) lines.push(labelled('at', places(finding.at, file), view));
      if (finding.causedBy.length > 0) lines.push(labelled('because of', places(finding.causedBy, file), view));
      if (finding.witness !== null) lines.push(labelled('witness', witnessWords(finding.witness), view));
      if (finding.proof !== null) lines.push(labelled('proof', proofWords(finding.proof), view));
      lines.push(fixText(finding.fix, view));
      if ('mending' in finding && finding.mending !== undefined) lines.push(mendingText(finding.mending, view));
      if (finding.refs.length > 0) lines.push(labelled('see', finding.refs.join('; '), view));
      return lines.join('');
    })
    .join('');
}

/** What could not be answered stands as plainly as what is wrong. */
export function unknownList(unknown: readonly Unknown[], view: View): string {
  if (unknown.length === 0) return '';
  // One missing right or tool makes many checks unanswerable: it is said once.
  const byReason = new Map<string, { ids: string[]; why: string; remedy: string }>();
  for (const { id, why, remedy } of unknown) {
    const reason = byReason.get(`${why}\n${remedy}`) ?? { ids: [], why, remedy };
    reason.ids.push(id);
    byReason.set(`${why}\n${remedy}`, reason);
  }
  const lines = [...byReason.values()].map(({ ids, why, remedy }) =>
    paragraph(`${why}; ${remedy} (${[...new Set(ids)].join(', ')})`, view, 0, `UNKNOWN  `),
  );
  return `\n${lines.join('')}`;
}

/** The steps in a sentence each; `palisade audit` has the commands. */
export function nextList(next: readonly string[], view: View): string {
  if (next.length === 0) return '';
  return (
    heading('What to do next', view) +
    next.map((step, index) => paragraph(step.split('\n', 1)[0] ?? '', view, 2, `${index + 1}. `)).join('')
  );
}

function labelled(label: string, text: string, view: View): string {
  return paragraph(text, view, 2, `${label}: `);
}

function places(at: FindingJson['at'], file: string | null): string {
  const lead = file === null ? 'line ' : `${file}:`;
  const shown = at.slice(0, 6).map((place) => `${placeWords(place)}${place.line === null ? '' : ` (${lead}${place.line})`}`);
  return at.length > shown.length ? `${shown.join(', ')} and ${at.length - shown.length} more` : shown.join(', ');
}

/** A sentence, then the commands of it as they are to be typed: never wrapped, and at the margin where a here-document ends. */
/** What the fix would do. */
function mendingText(mending: NonNullable<AuditAnswerJson['findings'][number]['mending']>, view: View): string {
  if (mending.kind === 'no-rules') return '';
  if (mending.kind === 'unknown') return labelled('then', `cannot be told: ${mending.why}`, view);
  const such = (what: string, all: typeof mending.allows): readonly string[] => {
    const [first] = all;
    if (first === undefined) return [];
    const more = all.length > 2 ? `, and ${all.length - 1} more kinds of packets` : all.length > 1 ? ', and one more kind' : '';
    return [`${what} ${first.said ?? 'packets that no single one shows'}${more}`];
  };
  const parts = [
    mending.mends ? 'this finding goes' : 'this finding stays',
    ...such('it lets in', mending.allows),
    ...such('it keeps out', mending.blocks),
    ...(mending.cuts.length > 0 ? [`IT CUTS ${mending.cuts.join(', ')}`] : []),
  ];
  return labelled('then', parts.join('; '), view);
}

function fixText(fix: string, view: View): string {
  const [sentence = '', ...commands] = fix.split('\n');
  const margin = fix.includes('<<') ? '' : '    ';
  return labelled('fix', sentence, view) + commands.map((line) => `${margin}${view.paint('cyan', line)}\n`).join('');
}

/** With its family, unless the title says it already. */
function titleOf({ family, title, certainty }: FindingJson): string {
  const said = family === null || /IPv[46]/.test(title) ? title : `IPv${family}: ${title}`;
  return certainty === 'possible' ? `${said} (possible)` : said;
}
