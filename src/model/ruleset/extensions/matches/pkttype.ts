import { always, invertIf, packetTypes } from '../../../packet/index.ts';
import { badValue, given, type Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { choice } from '../../values/choice.ts';

/** net/netfilter/xt_pkttype.c: how the link layer addressed it; what the host sends itself is unicast whatever its address. */
export const pkttype: Match = {
  kind: 'match',
  name: 'pkttype',
  families: [4, 6],
  options: options(['*! --pkt-type TYPE', choice(packetTypes, {}, 'any')]),

  meaning(use) {
    const one = given(use, '--pkt-type');
    if (one === undefined) return always;
    const names: readonly string[] = packetTypes;
    const type = names.indexOf((one.values[0] ?? '').toLowerCase());
    if (type < 0) return badValue(one, `write ${packetTypes.join(', ')}`);
    return invertIf(one.inverted, { kind: 'number', field: 'pktType', ranges: [[type, type]] });
  },
};
