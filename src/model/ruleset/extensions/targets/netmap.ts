import type { Target, ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { maskedText, readMasked } from '../../values/address.ts';

/** A network, with its mask always. */
const wholeNetwork: ValueType = {
  hint: 'write a network such as 192.0.2.0/24',
  saved: (text, family) => {
    const read = readMasked(text, family);
    return read === undefined ? undefined : maskedText(read, family, true);
  },
  examples: (family) =>
    family === 4 ? ['192.168.0.0/24', '10.1.2.3', '10.0.0.0/255.0.0.0', '0.0.0.0/0'] : ['2001:db8::/64', '2001:db8::1'],
  refused: (family) => (family === 4 ? ['10.0.0.0/33', 'x'] : ['2001:db8::/129', 'x']),
};

/** net/netfilter/xt_nat.c, xt_NETMAP.c: another network, the host bits kept; the hook says which address. */
export const NETMAP: Target = {
  kind: 'target',
  name: 'NETMAP',
  families: [4, 6],
  options: options(['*--to NETWORK', wholeNetwork]),

  meaning: () => ({ kind: 'unknown', target: 'NETMAP' }),
};
