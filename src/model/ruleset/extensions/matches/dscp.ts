import { invertIf } from '../../../packet/index.ts';
import { bad, type Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { hexOf, whole } from '../../values/number.ts';
import { dscpClass } from '../../values/tos.ts';
import { serviceIs, writtenClass } from '../service.ts';

/** net/netfilter/xt_dscp.c. */
export const dscp: Match = {
  kind: 'match',
  name: 'dscp',
  families: [4, 6],
  options: options(['! --dscp VALUE', whole(0n, 63n, hexOf(2))], ['! --dscp-class CLASS', dscpClass]),
  limits: [{ kind: 'one', of: ['--dscp', '--dscp-class'] }],
  saved: (_use, _backend, spelled) => spelled.map((one) => ({ ...one, name: '--dscp' })),

  meaning(use) {
    const [one] = use.given;
    const value = one === undefined ? undefined : writtenClass(one);
    if (one === undefined || value === undefined) return bad('-m dscp says no value', 'write --dscp VALUE');
    return invertIf(one.inverted, serviceIs(0xfc, value << 2));
  },
};
