import type { Target, ValueType } from '../../extension.ts';
import { options } from '../../option.ts';

/** `MAJOR:MINOR` in hex, 16 bits each. */
const trafficClass: ValueType = {
  hint: 'write MAJOR:MINOR in hex, such as 1:20',
  saved: (text) => {
    const [, major = '', minor = ''] = /^(?:0x)?([0-9a-f]{1,4}):(?:0x)?([0-9a-f]{1,4})$/i.exec(text) ?? [];
    return major === '' ? undefined : `${major.toLowerCase().padStart(4, '0')}:${minor.toLowerCase().padStart(4, '0')}`;
  },
  examples: () => ['1:20', '0:0', 'ffff:ffff', 'A:b', '0001:0020'],
  refused: () => ['1', '1:', ':1', 'x:y'],
};

/** net/netfilter/xt_CLASSIFY.c: a class for traffic shaping. */
export const CLASSIFY: Target = {
  kind: 'target',
  name: 'CLASSIFY',
  families: [4, 6],
  options: options(['*--set-class CLASS', trafficClass]),

  meaning: () => ({ kind: 'continue' }),
};
