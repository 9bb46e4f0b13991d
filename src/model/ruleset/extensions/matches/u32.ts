import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_u32.c: computes over the packet's bytes. */
export const u32: Match = {
  kind: 'match',
  name: 'u32',
  families: [4, 6],
  options: options('*! --u32 ""TESTS""'),
  meaning: (use) => opaque(use, 'pure'),
};
