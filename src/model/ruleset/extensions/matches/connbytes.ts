import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_connbytes.c: counts what the connection has carried. */
export const connbytes: Match = {
  kind: 'match',
  name: 'connbytes',
  families: [4, 6],
  options: options('*! --connbytes RANGE', '*--connbytes-mode MODE', '*--connbytes-dir DIRECTION'),
  meaning: (use) => opaque(use, 'stateful'),
};
