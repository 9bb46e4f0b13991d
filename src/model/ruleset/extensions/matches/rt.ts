import { bad, given, type Match, opaque, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { addressValue } from '../../values/address.ts';
import { readNumber, u32, whole, wholeRange } from '../../values/number.ts';

/** Addresses with commas between. */
const addressList: ValueType = {
  hint: 'write up to 16 addresses with commas between',
  saved: (text, family) => {
    const read = text.split(',').map((part) => addressValue.saved(part, family));
    return read.includes(undefined) || read.length > 16 ? undefined : read.join(',');
  },
  examples: () => ['2001:db8::1', '2001:db8::1,2001:db8::2'],
  refused: () => ['192.0.2.1', 'x'],
};

/** net/ipv6/netfilter/ip6t_rt.c. */
export const rt: Match = {
  kind: 'match',
  name: 'rt',
  families: [6],
  options: options(
    ['! --rt-type NUMBER', whole(0n, u32)],
    ['! --rt-segsleft RANGE', wholeRange(u32)],
    ['! --rt-len LENGTH', whole(0n, u32)],
    '--rt-0-res',
    ['--rt-0-addrs ADDRESSES', addressList],
    '--rt-0-not-strict',
  ),

  limits: ['--rt-0-res', '--rt-0-addrs', '--rt-0-not-strict'].map(
    (option) => ({ kind: 'needs', option, of: ['--rt-type'] }) as const,
  ),
  saved: (_use, _backend, spelled) => spelled.filter((one) => one.name !== '--rt-segsleft' || one.values[0] !== `0:${u32}`),
  meaning(use) {
    const ofZero = use.given.find((one) => one.name.startsWith('--rt-0-'));
    const before = ofZero === undefined ? [] : use.given.slice(0, use.given.indexOf(ofZero));
    const type = before.find((one) => one.name === '--rt-type');
    if (ofZero !== undefined && (readNumber(type?.values[0] ?? '') !== 0 || type?.inverted === true))
      return bad(`${ofZero.name} stands without --rt-type 0`, 'write it before', ofZero.name);
    if (given(use, '--rt-0-not-strict') !== undefined && given(use, '--rt-0-addrs') === undefined)
      return bad('--rt-0-not-strict stands without --rt-0-addrs', 'write it too', '--rt-0-not-strict');
    return opaque(use, 'pure');
  },
};
