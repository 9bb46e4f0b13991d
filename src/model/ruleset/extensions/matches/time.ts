import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_time.c: the clock decides. */
export const time: Match = {
  kind: 'match',
  name: 'time',
  families: [4, 6],
  options: options(
    '--timestart TIME',
    '--timestop TIME',
    '! --monthdays DAYS',
    '! --weekdays DAYS',
    '--datestart DATE',
    '--datestop DATE',
    '--contiguous',
    '--kerneltz',
    '--localtz',
    '--utc',
  ),
  meaning: (use) => opaque(use, 'stateful'),
};
