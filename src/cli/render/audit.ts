import type { AuditJson } from '../../verbs/index.ts';
import { findingsInFull, unknownList } from './findings.ts';
import type { View } from './view.ts';
import { countWords } from './words.ts';

export function whole(audit: AuditJson, view: View): string {
  const { host, counts, score, confidence, findings, unknown } = audit;
  const head = `${view.paint('bold', `${host}: ${countWords(counts)}.`)} Score ${score} of 100, with ${confidence} % of the checks answered.\n`;
  return head + findingsInFull(findings, view) + unknownList(unknown, view);
}
