import { allOf, always, invertIf, not } from '../../../packet/index.ts';
import { badValue, given, type Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { macValue } from '../../values/mac.ts';

/** net/netfilter/xt_mac.c: a packet that came without an Ethernet header, as on lo, never matches, inverted or not. */
export const mac: Match = {
  kind: 'match',
  name: 'mac',
  families: [4, 6],
  options: options(['*! --mac-source ADDRESS', macValue]),

  meaning(use) {
    const one = given(use, '--mac-source');
    if (one === undefined) return always;
    const text = one.values[0] ?? '';
    if (!/^([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}$/i.test(text))
      return badValue(one, 'write six pairs of hex digits such as 02:00:5e:00:53:01');
    const value = text.split(':').reduce((sum, part) => sum * 256 + Number.parseInt(part, 16), 0);
    const onLoopback = { kind: 'interface', field: 'in', name: 'lo', prefix: false } as const;
    return allOf(not(onLoopback), invertIf(one.inverted, { kind: 'number', field: 'mac', ranges: [[value, value]] }));
  },
};
