import { allOf, always, anyOf, type Constraint, invertIf, kernelUid } from '../../../packet/index.ts';
import { allMeanings, type Bad, bad, badValue, type Given, type Match, type ValueType } from '../../extension.ts';
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
    return allMeanings(...use.given.map((one) => asked(one, groups >= 0)));
  },
};

/**
 * The kernel's answers for packets without a socket, or with one of its own, are those of each option by itself; but
 * `--suppl-groups` makes a match fail where there is no socket, whatever is inverted.
 */
function asked(one: Given, supplementary: boolean): Constraint | Bad {
  const text = one.values[0] ?? '';
  switch (one.name) {
    case '--socket-exists':
      return invertIf(one.inverted, socket);
    case '--uid-owner': {
      const ids = idsOf(text);
      return ids === undefined
        ? badValue(one, ownerRange.hint)
        : invertIf(one.inverted, { kind: 'number', field: 'uid', ranges: [ids] });
    }
    case '--gid-owner': {
      const ids = idsOf(text);
      if (ids === undefined) return badValue(one, ownerRange.hint);
      const own: Constraint = { kind: 'number', field: 'gid', ranges: [ids] };
      if (!supplementary) return invertIf(one.inverted, own);
      const member = `-m owner --gid-owner ${ownerRange.saved(text, 4)} --suppl-groups`;
      const other: Constraint = { kind: 'opaque', text: member, nature: 'pure', hotdrop: false, unknown: false };
      // Whoever has supplementary groups has a group.
      const any = anyOf(own, allOf({ kind: 'number', field: 'gid', ranges: [[0, kernelUid - 1]] }, other));
      return allOf(socket, invertIf(one.inverted, any));
    }
    default:
      return always;
  }
}

const socket: Constraint = { kind: 'number', field: 'uid', ranges: [[0, kernelUid]] };

function idsOf(text: string): readonly [number, number] | undefined {
  const [from, to = from] = (ownerRange.saved(text, 4) ?? '').split('-').map(Number);
  return from === undefined || to === undefined || text === '' ? undefined : [from, to];
}
