import type { StatusJson } from '../../verbs/index.ts';
import { findingsTable, nextList, unknownList } from './findings.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { countWords, paintWords } from './words.ts';

export function whole(status: StatusJson, view: View): string {
  const { findings, unknown, next } = status;
  const worst = findings.filter(({ severity }) => severity !== 'low' && severity !== 'info');
  const milder = findings.length - worst.length;
  const more = milder === 0 ? '' : `and ${milder} milder: palisade audit\n`;
  return `${paragraph(verdictWords(status, view), view)}${factsLine(status, view)}\n${findingsTable(worst, view)}${more}${unknownList(unknown, view)}${nextList(next, view)}`;
}

/** `web1: NOT protected. 2 critical, 3 high.` */
export function verdictWords({ host, protected: answer, counts }: StatusJson, view: View): string {
  const verdict = {
    yes: paintWords(['bold', 'green'], 'protected', view),
    no: paintWords(['bold', 'red'], 'NOT protected', view),
    unknown: paintWords(['bold', 'yellow'], 'UNKNOWN whether protected', view),
  }[answer];
  return `${paintWords('bold', host, view)}: ${verdict}. ${capital(countWords(counts))}.`;
}

/** What was looked at, so that a verdict about nothing cannot pass for one about everything. */
export function factsLine({ backends, rules, foreign, confidence }: StatusJson, view: View): string {
  const families = ([4, 6] as const).map((family) => {
    const count = rules[family];
    const holds = backends[family];
    return `IPv${family} ${count === null ? 'rules unknown' : `${count} ${count === 1 ? 'rule' : 'rules'}`}${holds === 'none' || holds === 'unknown' ? '' : ` (${holds})`}`;
  });
  const others = foreign.length === 0 ? '' : paragraph(`Also filtering here, not judged: ${foreign.join('; ')}.`, view);
  return paragraph(`${families.join(', ')}; ${confidence} % of the checks answered.`, view) + others;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
