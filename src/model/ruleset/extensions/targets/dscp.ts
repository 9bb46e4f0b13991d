import { bad, type Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { hexOf, whole } from '../../values/number.ts';
import { dscpClass } from '../../values/tos.ts';
import { writtenClass } from '../service.ts';

/** net/netfilter/xt_DSCP.c. */
export const DSCP: Target = {
  kind: 'target',
  name: 'DSCP',
  families: [4, 6],
  options: options(['--set-dscp VALUE', whole(0n, 63n, hexOf(2))], ['--set-dscp-class CLASS', dscpClass]),
  limits: [{ kind: 'one', of: ['--set-dscp', '--set-dscp-class'] }],
  saved: (_use, _backend, spelled) => spelled.map((one) => ({ ...one, name: '--set-dscp' })),

  meaning(use) {
    const value = use.given[0] === undefined ? undefined : writtenClass(use.given[0]);
    if (value === undefined) return bad('-j DSCP does not say what to write', 'write --set-dscp VALUE');
    return { kind: 'service', by: 'tos', mask: 0xfc, value: value << 2 };
  },
};
