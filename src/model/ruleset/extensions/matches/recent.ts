import { bad, type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

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
    '--seconds NUMBER',
    '--reap',
    '--hitcount NUMBER',
    '--rttl',
    '--name NAME',
    '--mask MASK',
    '--rsource',
    '--rdest',
  ),
  meaning(use) {
    const commands = use.given.filter((one) => /^--(set|rcheck|update|remove)$/.test(one.name));
    if (commands.length === 1) return opaque(use, 'stateful');
    return bad('-m recent takes one of --set, --rcheck, --update and --remove', 'write one', commands[1]?.name ?? null);
  },
};
