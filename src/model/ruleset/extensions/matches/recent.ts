import { bitsOf, formatAddress } from '../../../net/index.ts';
import { bad, type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { hostValue } from '../../values/address.ts';
import { u16, u32, whole } from '../../values/number.ts';
import { plainName } from '../../values/text.ts';
import { leave, option, pick } from '../pick.ts';

/** net/netfilter/xt_recent.c: a list of addresses that packets themselves fill. */
export const recent: Match = {
  kind: 'match',
  name: 'recent',
  families: [4, 6],
  options: options(
    '! --set',
    '! --rcheck',
    '! --update',
    '! --remove',
    ['--seconds NUMBER', whole(1n, u32, signed)],
    '--reap',
    ['--hitcount NUMBER', whole(0n, u16)],
    '--rttl',
    ['--name NAME', plainName(199)],
    ['--mask MASK', hostValue],
    '--rsource',
    '--rdest',
  ),
  limits: [
    { kind: 'needs', option: '--reap', of: ['--seconds'] },
    ...['--rttl', '--seconds', '--hitcount'].flatMap((name) =>
      ['--set', '--remove'].map((other) => ({ kind: 'at-most-one', of: [other, name] }) as const),
    ),
  ],
  saved: (use, _backend, spelled) => [
    ...leave(spelled, '--name', '--mask', '--rsource', '--rdest').filter(
      (one) => one.name !== '--hitcount' || one.values[0] !== '0',
    ),
    pick(spelled, '--name')[0] ?? option('--name', 'DEFAULT'),
    pick(spelled, '--mask')[0] ??
      option('--mask', formatAddress({ family: use.family, value: (1n << BigInt(bitsOf(use.family))) - 1n })),
    // The one written last counts.
    option(use.given.findLast((one) => one.name === '--rsource' || one.name === '--rdest')?.name ?? '--rsource'),
  ],

  meaning(use) {
    const commands = use.given.filter((one) => /^--(set|rcheck|update|remove)$/.test(one.name));
    if (commands.length === 1) return opaque(use, 'stateful');
    return bad('-m recent takes one of --set, --rcheck, --update and --remove', 'write one', commands[1]?.name ?? null);
  },
};

/** iptables prints the seconds with their sign, and takes no negative ones: above 2^31 its own save does not restore. */
function signed(value: bigint): string {
  return String(BigInt.asIntN(32, value));
}
