import { bad, type Match, opaque, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { readNumber } from '../../values/number.ts';

/** A user or group by number, or a range of them; names are those of the host that loads the rule. */
const ownerRange: ValueType = {
  hint: 'write a number, or a range such as 1000-1999',
  saved: (text) => {
    const [from = '', to = from, ...more] = text.split('-');
    const lo = readNumber(from, 0xfffffffe);
    const hi = readNumber(to, 0xfffffffe);
    if (text === 'root') return '0';
    if (lo === undefined || hi === undefined || lo > hi || more.length > 0) return undefined;
    return lo === hi ? String(lo) : `${lo}-${hi}`;
  },
  examples: () => ['0', '4294967294', '1000-1999', '5-5', 'root', '0x10'],
  refused: () => ['4294967295', '5-', '1-2-3', ''],
};

/** net/netfilter/xt_owner.c: the socket that a local packet comes from. */
export const owner: Match = {
  kind: 'match',
  name: 'owner',
  families: [4, 6],
  options: options(
    '! --socket-exists',
    ['! --uid-owner USER', ownerRange],
    ['! --gid-owner GROUP', ownerRange],
    '--suppl-groups',
  ),
  limits: [{ kind: 'some', of: ['--socket-exists', '--uid-owner', '--gid-owner'] }],

  meaning(use) {
    const groups = use.given.findIndex((one) => one.name === '--suppl-groups');
    const group = use.given.findIndex((one) => one.name === '--gid-owner');
    if (groups >= 0 && (group < 0 || group > groups))
      return bad('--suppl-groups stands without --gid-owner', 'write --gid-owner before it', '--suppl-groups');
    return opaque(use, 'pure');
  },
};
