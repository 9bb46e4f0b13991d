import type { AuditAnswerJson, AuditJson, ScriptPartJson } from '../../verbs/index.ts';
import { findingsInFull, unknownList } from './findings.ts';
import { equivalentText, scriptHead, scriptNotes } from './script-audit.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { countWords, heading, paintWords } from './words.ts';

/** A report, and what the verb says beside it. */
type Shown = AuditJson &
  Partial<Pick<AuditAnswerJson, 'accepted' | 'expired' | 'unused' | 'controls' | 'evidence' | 'profile'>> & {
    readonly script?: ScriptPartJson | undefined;
  };

export function whole(audit: Shown, view: View): string {
  const { host, counts, score, confidence, findings, unknown, script } = audit;
  const title = paintWords('bold', `${script === undefined ? host : script.file}: ${countWords(counts)}.`, view);
  const head = paragraph(title, view) + paragraph(scoreWords(score, confidence), view);
  return [
    head,
    script === undefined ? '' : scriptHead(script, view),
    findingsInFull(findings, view, script?.file),
    script === undefined ? '' : scriptNotes(script, view),
    acceptedList(audit, view),
    controlCounts(audit, view),
    unknownList(unknown, view),
    script === undefined ? evidenceList(audit, view) : equivalentText(script, view),
  ].join('');
}

/** What is unknown can only make it worse: then the score is a bound, and with nothing known there is none. */
function scoreWords(score: number | null, confidence: number): string {
  if (score === null) {
    return confidence === 0 ? 'No score: none of the checks could be answered.' : 'No score: nothing is known of the rules.';
  }
  const answered = `with ${confidence} % of the checks answered`;
  return confidence === 100 ? `Score ${score} of 100, ${answered}.` : `Score at most ${score} of 100, ${answered}.`;
}

/** A line each: accepted findings are never hidden, and neither is an acceptance that does not hold any more. */
function acceptedList({ accepted = [], expired = [], unused = [] }: Shown, view: View): string {
  const lines = [
    ...accepted.map(({ severity, id, title, acceptance: { owner, expires, reason } }) =>
      paragraph(`${severity} ${id} ${title}: by ${owner} until ${expires}, ${reason}`, view, 0, 'ACCEPTED  '),
    ),
    ...expired.map(({ check, owner, expires, findings }) => {
      const now = findings.length === 0 ? 'nothing is left of it' : 'it counts again';
      return paragraph(`${check}, accepted by ${owner} until ${expires}: ${now}`, view, 0, 'EXPIRED  ');
    }),
    ...unused.map(({ check, owner, expires }) =>
      paragraph(`${check}, accepted by ${owner} until ${expires}: it fits no finding`, view, 0, 'UNUSED  '),
    ),
  ];
  return lines.length === 0 ? '' : `\n${lines.join('')}`;
}

/** How many controls of each standard; the formats with room for it have them one by one. */
function controlCounts({ controls = [], profile = '' }: Shown, view: View): string {
  if (controls.length === 0) return '';
  const lines = [...new Set(controls.map(({ standard }) => standard))].map((standard) => {
    const rows = controls.filter((row) => row.standard === standard);
    const counts = (['fail', 'unknown', 'manual', 'pass', 'not applicable'] as const).flatMap((outcome) => {
      const count = rows.filter((row) => row.outcome === outcome).length;
      return count === 0 ? [] : [`${count} ${outcome}`];
    });
    const version = rows[0]?.version ?? null;
    return paragraph(
      `${standard}${version === null || standard.includes(version) ? '' : ` ${version}`}: ${counts.join(', ')}`,
      view,
      2,
    );
  });
  return heading(`Controls (profile ${profile}; --format html lists them)`, view) + lines.join('');
}

function evidenceList({ evidence }: Shown, view: View): string {
  if (evidence === undefined) return '';
  const { tool, kernel, readAt, origin, rulesets } = evidence;
  const from = origin === 'live' ? `from this host, kernel ${kernel ?? 'not known'}` : 'from files';
  const lines = [
    `read ${readAt.replace(/\.\d+Z$/, 'Z')} ${from}, by ${tool}`,
    ...rulesets.map(({ family, source, sha256 }) => `IPv${family} from ${source}, SHA-256 ${sha256}`),
  ];
  return `\n${lines.map((line) => paragraph(paintWords('dim', line, view), view)).join('')}`;
}
