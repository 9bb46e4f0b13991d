import { bad, givenValue, type Target } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/netfilter/xt_LOG.c: a line in the kernel's log; the prefix holds 29 bytes, iptables cuts the rest. */
export const LOG: Target = {
  kind: 'target',
  name: 'LOG',
  families: [4, 6],
  options: options(
    '--log-prefix "TEXT"',
    '--log-level LEVEL',
    '--log-tcp-sequence',
    '--log-tcp-options',
    '--log-ip-options',
    '--log-uid',
    '--log-macdecode',
  ),
  meaning(use) {
    const prefix = givenValue(use, '--log-prefix') ?? '';
    if (prefix.includes('\n'))
      return bad('the prefix holds a line end', 'remove it: it would forge lines in the log', '--log-prefix');
    return { kind: 'log', by: 'LOG', prefix: prefix.slice(0, 29) };
  },
};
