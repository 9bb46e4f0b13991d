import { formatAddress } from '../../net/index.ts';
import type { ValueType } from '../extension.ts';
import { readAddress } from './address.ts';

/** `ADDRESS/LENGTH`; the length is not optional. */
export const prefixValue: ValueType = {
  hint: 'write a prefix such as 2001:db8::/64',
  saved: (text, family) => {
    const [, address = '', length = ''] = /^(.*)\/(\d{1,3})$/.exec(text) ?? [];
    const value = readAddress(address, family);
    return value === undefined || Number(length) > 64 ? undefined : `${formatAddress({ family, value })}/${Number(length)}`;
  },
  examples: () => ['2001:db8:1::/64', '2001:db8::/48', 'fd00::/8'],
  refused: () => ['2001:db8::', '2001:db8::/65', 'x/64'],
};
