import { given, type Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_set.c, set_target_v3: fills sets, which later packets see; a mark from a set cannot be told. */
export const SET: Target = {
  kind: 'target',
  name: 'SET',
  families: [4, 6],
  options: options(
    '--add-set NAME DIRECTIONS',
    '--del-set NAME DIRECTIONS',
    '--exist',
    '--timeout SECONDS',
    '--map-set NAME DIRECTIONS',
    '--map-mark',
    '--map-prio',
    '--map-queue',
  ),
  meaning: (use) => (given(use, '--map-mark') === undefined ? { kind: 'continue' } : { kind: 'unknown', target: 'SET' }),
};
