import { bitsOf, type Family } from '../../../net/index.ts';
import { bad, badValue, given, type Target, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { type Masked, maskedText, readAddress, readMasked } from '../../values/address.ts';

/** A network; of one whose mask has holes iptables keeps the address alone, and its host bits with it. */
function readWhole(text: string, family: Family): Masked | undefined {
  const read = readMasked(text, family);
  if (read === undefined) return undefined;
  const all = (1n << BigInt(bitsOf(family))) - 1n;
  const holes = all ^ read.mask;
  if ((holes & (holes + 1n)) === 0n) return read;
  return { value: readAddress(text.slice(0, text.indexOf('/')), family) ?? read.value, mask: all };
}

/** A network, with its mask always. */
const wholeNetwork: ValueType = {
  hint: 'write a network such as 192.0.2.0/24',
  saved: (text, family) => {
    const read = readWhole(text, family);
    return read === undefined ? undefined : maskedText(read, family, true);
  },
  examples: (family) =>
    family === 4
      ? ['192.168.0.0/24', '10.1.2.3', '10.0.0.0/255.0.0.0', '0.0.0.0/0', '10.1.2.3/255.0.255.0', '10.1.2.3/0.0.255.0']
      : ['2001:db8::/64', '2001:db8::1', '2001:db8:3:4::7/ffff:0:ffff::'],
  refused: (family) => (family === 4 ? ['10.0.0.0/33', 'x'] : ['2001:db8::/129', 'x']),
};

/** net/netfilter/xt_nat.c, xt_NETMAP.c: another network, the host bits kept; the hook says which address. */
export const NETMAP: Target = {
  kind: 'target',
  name: 'NETMAP',
  families: [4, 6],
  options: options(['*--to NETWORK', wholeNetwork]),

  meaning(use) {
    const one = given(use, '--to');
    const read = readWhole(one?.values[0] ?? '', use.family);
    if (one === undefined) return bad('-j NETMAP says no network', 'write --to NETWORK');
    return read === undefined ? badValue(one, wholeNetwork.hint) : { kind: 'netmap', ...read };
  },
};
