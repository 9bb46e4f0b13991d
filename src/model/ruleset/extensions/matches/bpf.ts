import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_bpf.c: runs a program over the packet. */
export const bpf: Match = {
  kind: 'match',
  name: 'bpf',
  families: [4, 6],
  options: options('--bytecode ""PROGRAM""', '--object-pinned PATH'),
  meaning: (use) => opaque(use, 'pure'),
};
