import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { u32, wholeRange } from '../../values/number.ts';
import { behindProtocol } from './transport.ts';

/** net/netfilter/xt_esp.c. */
export const esp: Match = {
  kind: 'match',
  name: 'esp',
  families: [4, 6],
  impliedBy: ['esp'],
  options: options(['! --espspi RANGE', wholeRange(u32)]),
  saved: (_use, _backend, spelled) => spelled.filter((one) => one.values[0] !== `0:${u32}`),

  meaning: (use) => behindProtocol(use, 'esp', 50, () => opaque(use, 'pure')),
};
