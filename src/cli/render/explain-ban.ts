import type { BanExplainedJson } from '../../verbs/index.ts';
import { paragraph } from './table.ts';
import type { View } from './view.ts';

export function whole({ address, state, why, bans, incidents, keeps }: BanExplainedJson, view: View): string {
  const heading = { banned: 'is shut out', listed: 'is shut out', free: 'is not shut out' }[state];
  const past = bans.filter(({ isLive }) => !isLive).length;
  return [
    paragraph(`${address} ${heading}: ${why}.`, view),
    past === 0 ? '' : paragraph(`It was shut out ${past === 1 ? 'once' : `${past} times`} before.`, view),
    ...incidents.flatMap(({ id, title, evidence }) => [
      paragraph(`${title} (${id})`, view),
      evidence.map((line) => `    ${line}\n`).join(''),
    ]),
    ...keeps.map((text) => paragraph(text, view)),
  ].join('');
}
