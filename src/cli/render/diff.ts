import type { DiffJson } from '../../verbs/index.ts';
import { regionWords } from '../../verbs/region-words.ts';
import { paragraph, table } from './table.ts';
import type { Style, View } from './view.ts';
import { heading, packetWords, paintWords, placeWords, proofWords } from './words.ts';

type Way = DiffJson['families'][number]['ways'][number];
type Difference = Way['differences'][number];

/** What changed first, way by way; then the ways on which nothing does; then what is not known. */
export function whole(diff: DiffJson, view: View): string {
  const ways = diff.families.flatMap(({ family, ways: of }) => of.map((way) => ({ family, way })));
  const rewritten = diff.families.reduce((sum, { rewrites }) => sum + (rewrites?.differences.length ?? 0), 0);
  const count = ways.reduce((sum, { way }) => sum + way.differences.length, rewritten);
  const equal = ways.filter(({ way }) => way.equal === true);
  const isAll =
    equal.length === ways.length && diff.unknown.length === 0 && diff.families.every(({ rewrites }) => rewrites !== null);
  return [
    paragraph(paintWords('bold', `${diff.before} → ${diff.after}: ${countWords(count, isAll)}.`, view), view),
    ...ways.filter(({ way }) => way.equal === false).map(({ family, way }) => different(family, way, view)),
    ...ways
      .filter(({ way }) => way.equal === null)
      .map(({ family, way }) => paragraph(`IPv${family}, ${way.hook}: undecided, ${way.undecided}.`, view)),
    ...diff.families.map(({ family, rewrites }) => rewritesWords(family, rewrites, view)),
    equal.length === 0
      ? ''
      : `\n${paragraph(`Equal for every packet: ${equal.map(({ family, way }) => `IPv${family} ${way.hook}`).join(', ')}.`, view)}`,
    ...diff.assumed.map((sentence) => paragraph(sentence, view, 0, 'taken for granted: ')),
    ...diff.unknown.map(({ what, why, remedy }) => paragraph(`${what}: ${why}; ${remedy}`, view, 0, 'unknown: ')),
  ].join('');
}

function different(family: number, { hook, differences, share, left }: Way, view: View): string {
  const rows = differences.map((difference) => [
    { text: kinds[difference.kind].text, style: kinds[difference.kind].style },
    {
      text: regionWords(difference.region),
      ...(difference.witness === null ? {} : { below: `such as ${witnessWords(difference.witness)}` }),
    },
    { text: sideWords(difference.before) },
    { text: sideWords(difference.after) },
  ]);
  const columns = [
    { title: 'CHANGE' },
    { title: 'PACKETS', grows: true },
    { title: 'BEFORE', grows: true },
    { title: 'AFTER', grows: true },
  ];
  const rest =
    left > share / 1000
      ? paragraph(`Smaller regions that are not listed: ${percent(left / share)} of these packets; --most lists more.`, view, 2)
      : '';
  return heading(`IPv${family}, ${hook}`, view) + table(columns, rows, view, 2) + rest;
}

function rewritesWords(family: number, rewrites: DiffJson['families'][number]['rewrites'], view: View): string {
  if (rewrites === null) return paragraph(`IPv${family}, what is translated and marked: undecided, over the budget.`, view);
  if (rewrites.differences.length === 0) return '';
  const columns = [
    { title: 'CHAIN' },
    { title: 'PACKETS', grows: true },
    { title: 'BEFORE', grows: true },
    { title: 'AFTER', grows: true },
  ];
  const rows = rewrites.differences.map(({ table: name, chain, region, before, after }) => [
    `${name} ${chain}`,
    regionWords(region),
    before,
    after,
  ]);
  const more = rewrites.more ? paragraph('There are more; --most lists them.', view, 2) : '';
  return heading(`IPv${family}, translated or marked differently`, view) + table(columns, rows, view, 2) + more;
}

function countWords(count: number, isAll: boolean): string {
  if (count === 0) return isAll ? 'every packet is treated alike' : 'no packet is known to be treated differently';
  return count === 1 ? '1 kind of packets is treated differently' : `${count} kinds of packets are treated differently`;
}

function witnessWords({ packet, assumed, checked, proof }: NonNullable<Difference['witness']>): string {
  const answers = assumed.map(({ text, holds }) => `${text} ${holds ? 'holding' : 'not holding'}`);
  const shown = [packetWords(packet), ...answers, ...(checked ? [] : ['not confirmed by the interpreter'])].join(', ');
  return proof === null ? shown : `${shown}; ${bothWords(proof)}`;
}

function bothWords({ before, after }: NonNullable<NonNullable<Difference['witness']>['proof']>): string {
  if (before.ran && after.ran && before.agrees && after.agrees)
    return `the kernel agrees on both${before.led || after.led ? ', led there' : ''}`;
  const words = (proof: typeof before): string => (proof.ran ? proofWords(proof) : `not proved: ${proof.why}`);
  return `before: ${words(before)}; after: ${words(after)}`;
}

function sideWords({ verdict, answer, decidedBy, line, others }: Difference['before']): string {
  if (verdict === 'OTHER-WAY') return 'takes another way';
  const what = answer === null ? verdict : `${verdict} with ${answer}`;
  const by = decidedBy === null ? ', there is no rule and no policy' : ` by ${placeWords(decidedBy).replace(/^IPv[46] /, '')}`;
  const at = line === null ? '' : `, line ${line}`;
  return `${what}${by}${at}${others === 0 ? '' : `, and by ${others.toLocaleString('en')} more`}`;
}

function percent(share: number): string {
  return share > 0.995 ? 'over 99 %' : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}

const kinds: Readonly<Record<Difference['kind'], { readonly text: string; readonly style: Style | readonly Style[] }>> = {
  'newly-allowed': { text: 'newly allowed', style: ['bold', 'yellow'] },
  'newly-blocked': { text: 'newly blocked', style: ['bold', 'red'] },
  'blocked-otherwise': { text: 'blocked otherwise', style: 'cyan' },
  'other-way': { text: 'takes another way', style: 'magenta' },
};
