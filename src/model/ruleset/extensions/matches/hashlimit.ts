import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_hashlimit.c: a token bucket a group; a table that is full drops the packet at once, whatever the rule's target. */
export const hashlimit: Match = {
  kind: 'match',
  name: 'hashlimit',
  families: [4, 6],
  options: options(
    '! --hashlimit-upto|--hashlimit RATE',
    '! --hashlimit-above RATE',
    '--hashlimit-burst NUMBER',
    '--hashlimit-mode FIELDS',
    '*--hashlimit-name NAME',
    '--hashlimit-htable-size NUMBER',
    '--hashlimit-htable-max NUMBER',
    '--hashlimit-htable-gcinterval MS',
    '--hashlimit-htable-expire MS',
    '--hashlimit-srcmask LENGTH',
    '--hashlimit-dstmask LENGTH',
    '--hashlimit-rate-match',
    '--hashlimit-rate-interval SECONDS',
  ),
  meaning: (use) => opaque(use, 'stateful', true),
};
