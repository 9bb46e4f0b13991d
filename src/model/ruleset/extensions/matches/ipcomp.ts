import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { u32, wholeRange } from '../../values/number.ts';
import { option, pick } from '../pick.ts';
import { behindProtocol } from './transport.ts';

/** net/netfilter/xt_ipcomp.c. */
export const ipcomp: Match = {
  kind: 'match',
  name: 'ipcomp',
  families: [4, 6],
  impliedBy: ['ipcomp'],
  options: options(['! --ipcompspi RANGE', wholeRange(u32)], '--compres'),

  // Without its option it asks for 0, though nothing says so.
  saved: (_use, _backend, spelled) => {
    const spi = pick(spelled, '--ipcompspi')[0] ?? option('--ipcompspi', '0');
    return [...(spi.values[0] === `0:${u32}` ? [] : [spi]), ...pick(spelled, '--compres')];
  },
  meaning: (use) => behindProtocol(use, 'ipcomp', 108, () => opaque(use, 'pure')),
};
