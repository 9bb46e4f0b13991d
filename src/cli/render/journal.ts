import type { JournalPartJson } from '../../verbs/index.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';
import { paintWords } from './words.ts';

export function part(said: JournalPartJson, view: View): string {
  if (said.kind === 'verified') return verifiedText(said, view);
  const { at, what, by, policy, text } = said;
  const when = new Date(at * 1000)
    .toISOString()
    .replace('.000Z', 'Z')
    .replace(/\.\d+Z$/, 'Z');
  const who = by === null ? '' : `, ${authorText(by)}`;
  const which = policy === null ? '' : `; ${policy.path}${policy.digest === null ? '' : ` (${policy.digest.slice(0, 12)})`}`;
  return paragraph(`${when}  ${paintWords('bold', what, view)}${who}: ${text}${which}`, view);
}

function authorText({ uid, sudoUid, peer }: NonNullable<Extract<JournalPartJson, { kind: 'entry' }>['by']>): string {
  const sudo = sudoUid === null ? '' : ` (sudo of ${sudoUid})`;
  return `by user ${uid}${sudo}${peer === null ? '' : ` from ${peer}`}`;
}

function verifiedText({ entries, last, broken, torn }: Extract<JournalPartJson, { kind: 'verified' }>, view: View): string {
  const left = torn === 0 ? '' : ` A crash tore the line behind them (${torn} bytes); the next entry mends it.`;
  if (broken !== null)
    return paragraph(`Line ${broken.line} is not as it was written: ${broken.why}. The ${entries} before it are.${left}`, view);
  if (last === null) return paragraph(`The journal is empty.${left}`, view);
  return paragraph(`${entries} entries, each as it was written. The last is ${last}.${left}`, view);
}
