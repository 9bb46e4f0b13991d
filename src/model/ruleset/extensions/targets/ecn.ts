import { givenValue, type Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { readNumber, whole } from '../../values/number.ts';
import { option, pick } from '../pick.ts';

/** net/ipv4/netfilter/ipt_ECN.c. */
export const ECN: Target = {
  kind: 'target',
  name: 'ECN',
  families: [4],
  options: options(
    '--ecn-tcp-remove',
    ['--ecn-tcp-cwr NUMBER', whole(0n, 1n)],
    ['--ecn-tcp-ece NUMBER', whole(0n, 1n)],
    ['--ecn-ip-ect NUMBER', whole(0n, 3n)],
  ),

  limits: [
    { kind: 'some', of: ['--ecn-tcp-remove', '--ecn-tcp-ece', '--ecn-tcp-cwr', '--ecn-ip-ect'] },
    { kind: 'at-most-one', of: ['--ecn-tcp-remove', '--ecn-tcp-ece'] },
    { kind: 'at-most-one', of: ['--ecn-tcp-remove', '--ecn-tcp-cwr'] },
  ],
  saved: (_use, _backend, spelled) => {
    const ect = pick(spelled, '--ecn-ip-ect');
    const removes = pick(spelled, '--ecn-tcp-remove');
    if (removes.length === 0) return pick(spelled, '--ecn-tcp-ece', '--ecn-tcp-cwr', '--ecn-ip-ect');
    return ect.length === 0 || ect[0]?.values[0] === '0'
      ? removes
      : [option('--ecn-tcp-ece', '0'), option('--ecn-tcp-cwr', '0'), ...ect];
  },
  meaning(use) {
    const ect = readNumber(givenValue(use, '--ecn-ip-ect') ?? '', 3);
    return ect === undefined ? { kind: 'alter', what: 'ecn' } : { kind: 'service', by: 'ecn', mask: 3, value: ect };
  },
};
