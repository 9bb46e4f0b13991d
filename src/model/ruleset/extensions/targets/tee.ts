import { badValue, given, type Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { hostValue } from '../../values/address.ts';
import { plainName } from '../../values/text.ts';

/** net/netfilter/xt_TEE.c: a copy goes elsewhere, the packet goes on. */
export const TEE: Target = {
  kind: 'target',
  name: 'TEE',
  families: [4, 6],
  options: options(['*--gateway ADDRESS', hostValue], ['--oif LINK', plainName(15)]),

  meaning(use) {
    const one = given(use, '--gateway');
    const isNowhere = one !== undefined && /^[0.:]*$/.test(hostValue.saved(one.values[0] ?? '', use.family) ?? '');
    return isNowhere ? badValue(one, 'write the address of a neighbour') : { kind: 'continue' };
  },
};
