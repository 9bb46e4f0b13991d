import type { AuditJson, ScriptPartJson } from '../../verbs/index.ts';
import { findingsInFull, unknownList } from './findings.ts';
import { equivalentText, scriptHead, scriptNotes } from './script-audit.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { countWords, paintWords } from './words.ts';

export function whole(audit: AuditJson & { readonly script?: ScriptPartJson | undefined }, view: View): string {
  const { host, counts, score, confidence, findings, unknown, script } = audit;
  const title = paintWords('bold', `${script === undefined ? host : script.file}: ${countWords(counts)}.`, view);
  const head = paragraph(title, view) + paragraph(scoreWords(score, confidence), view);
  if (script === undefined) return head + findingsInFull(findings, view) + unknownList(unknown, view);
  return [
    head,
    scriptHead(script, view),
    findingsInFull(findings, view, script.file),
    scriptNotes(script, view),
    unknownList(unknown, view),
    equivalentText(script, view),
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
