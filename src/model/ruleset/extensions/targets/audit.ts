import type { Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { choice } from '../../values/choice.ts';

/** kernel/audit by net/netfilter/xt_AUDIT.c: a record for the audit daemon. */
export const AUDIT: Target = {
  kind: 'target',
  name: 'AUDIT',
  families: [4, 6],
  options: options(['*--type TYPE', choice(['accept', 'drop', 'reject'])]),

  meaning: () => ({ kind: 'log', by: 'AUDIT', prefix: '' }),
};
