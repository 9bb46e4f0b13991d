import type { AuditJson } from '../../verbs/index.ts';
import { findingsInFull, unknownList } from './findings.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { countWords, paintWords } from './words.ts';

export function whole(audit: AuditJson, view: View): string {
  const { host, counts, score, confidence, findings, unknown } = audit;
  const title = paintWords('bold', `${host}: ${countWords(counts)}.`, view);
  const head = paragraph(title, view) + paragraph(scoreWords(score, confidence), view);
  return head + findingsInFull(findings, view) + unknownList(unknown, view);
}

/** What is unknown can only make it worse: then the score is a bound, and with nothing known there is none. */
function scoreWords(score: number | null, confidence: number): string {
  if (score === null) {
    return confidence === 0 ? 'No score: none of the checks could be answered.' : 'No score: nothing is known of the rules.';
  }
  const answered = `with ${confidence} % of the checks answered`;
  return confidence === 100 ? `Score ${score} of 100, ${answered}.` : `Score at most ${score} of 100, ${answered}.`;
}
