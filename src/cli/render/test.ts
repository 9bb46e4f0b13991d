import type { TestJson } from '../../verbs/index.ts';
import { paragraph, table } from './table.ts';
import type { View } from './view.ts';
import { packetWords, paintWords, proofWords } from './words.ts';

export function whole({ policy, tests }: TestJson, view: View): string {
  const failing = tests.filter(({ holds }) => !holds).length;
  const said =
    tests.length === 0
      ? 'it has no tests'
      : failing === 0
        ? `all ${tests.length} tests hold`
        : `${failing} of ${tests.length} tests ${failing === 1 ? 'fails' : 'fail'}`;
  const rows = tests.map(({ text, line, holds, packet, proof }) => [
    holds ? { text: 'holds', style: 'dim' as const } : { text: 'fails', style: 'bold' as const },
    line === null ? '' : String(line),
    {
      text,
      ...(packet === null
        ? { below: 'it speaks of no packet that there can be' }
        : { below: `${holds ? 'such as' : 'but see'} ${packetWords(packet)}${proof === null ? '' : `; ${proofWords(proof)}`}` }),
    },
  ]);
  return (
    paragraph(paintWords('bold', `${policy}: ${said}.`, view), view) +
    (tests.length === 0 ? '' : `\n${table([{ title: '' }, { title: 'LINE' }, { title: 'TEST', grows: true }], rows, view)}`)
  );
}
