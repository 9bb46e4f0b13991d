import { givenValue, type Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_NFLOG.c: the packet goes to whoever listens on the group. */
export const NFLOG: Target = {
  kind: 'target',
  name: 'NFLOG',
  families: [4, 6],
  options: options(
    '--nflog-prefix "TEXT"',
    '--nflog-group NUMBER',
    '--nflog-range BYTES',
    '--nflog-size BYTES',
    '--nflog-threshold NUMBER',
  ),
  meaning: (use) => ({ kind: 'log', by: 'NFLOG', prefix: givenValue(use, '--nflog-prefix') ?? '' }),
};
