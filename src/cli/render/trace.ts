import type { TraceJson } from '../../verbs/index.ts';
import { paragraph, table } from './table.ts';
import type { View } from './view.ts';
import { proofWords, verdictStyle, verdictWords } from './words.ts';

/** The verdict first, then the way there, then what it hangs on. */
export function part(trace: TraceJson, view: View): string {
  const { paint } = view;
  const line = trace.line === null ? '' : `, line ${trace.line}`;
  const head = `${verdictWords(paint(verdictStyle(trace.verdict), trace.verdict), trace.decidedBy)}${line}\n`;
  const standing = standingWords(trace);
  const beside = standing === '' ? '' : paragraph(standing, view, 2);
  const proof = trace.proof === null ? '' : paragraph(proofWords(trace.proof), view, 2, 'proof: ');
  const path = table(
    [
      { title: 'TABLE' },
      { title: 'CHAIN' },
      { title: 'RULE', align: 'right' },
      { title: 'LINE', align: 'right' },
      { title: 'EFFECT', grows: true },
    ],
    trace.path.map((step) => [
      step.table,
      step.chain,
      String(step.rule),
      step.line === null ? '' : String(step.line),
      `${step.effect}${step.maybe ? ' (if its match holds)' : ''}`,
    ]),
    view,
    2,
  );
  const endings = trace.outcomes.map(({ when, verdict, decidedBy }) => {
    const conditions = Object.entries(when).map(([match, holds]) => `${match} ${holds ? 'holds' : 'does not hold'}`);
    return paragraph(
      `${verdictWords(verdict, decidedBy)} when ${conditions.join(' and ') || 'nothing more is asked'}`,
      view,
      2,
      '• ',
    );
  });
  const assumed = trace.assumed.map((sentence) => paragraph(sentence, view, 2, 'taken for granted: '));
  return `${head}${beside}${proof}${path}${endings.join('')}${assumed.join('')}\n`;
}

/** What else may become of it. */
function standingWords({ certainty, beside }: TraceJson): string {
  const others = `${beside.join(', ')} also ${beside.length === 1 ? 'sees' : 'see'} the packet`;
  if (certainty === 'possible') return `only possible: ${others} and may drop it`;
  return certainty === 'unknown' ? `unknown: ${others} and may change it before these rules do` : '';
}
