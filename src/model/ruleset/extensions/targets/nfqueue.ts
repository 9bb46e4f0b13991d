import type { Target, ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { rangeOf, u16, whole } from '../../values/number.ts';
import { option, pick } from '../pick.ts';

/** More than one queue, fewer than all: their number must fit into 16 bits. */
const queues: ValueType = {
  hint: 'write a range such as 0:3',
  saved: (text) => {
    const [lo, hi] = (/^\d+:\d+$/.test(text) ? rangeOf(text, u16) : undefined) ?? [0n, 0n];
    return lo < hi && hi - lo < u16 ? `${lo}:${hi}` : undefined;
  },
  examples: () => ['0:3', '5:65535', '0:65534', '1:2'],
  refused: () => ['0:65535', '7:7', '9:5', '3', ':', '0:65536'],
};

/** net/netfilter/xt_NFQUEUE.c: a program decides. */
export const NFQUEUE: Target = {
  kind: 'target',
  name: 'NFQUEUE',
  families: [4, 6],
  options: options(
    ['--queue-num NUMBER', whole(0n, u16)],
    ['--queue-balance RANGE', queues],
    '--queue-bypass',
    '--queue-cpu-fanout',
  ),

  limits: [
    { kind: 'at-most-one', of: ['--queue-num', '--queue-balance'] },
    { kind: 'needs', option: '--queue-cpu-fanout', of: ['--queue-balance'] },
  ],
  saved: (_use, _backend, spelled) => [
    ...(pick(spelled, '--queue-num', '--queue-balance').length === 0 ? [option('--queue-num', '0')] : []),
    ...spelled,
  ],
  meaning: () => ({ kind: 'verdict', verdict: 'QUEUE' }),
};
