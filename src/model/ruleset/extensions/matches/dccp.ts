import { allMeanings, given, type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { behindProtocol, ports } from './transport.ts';

/** net/netfilter/xt_dccp.c: a later fragment never matches; packet types and options lie beyond the fields of a packet. */
export const dccp: Match = {
  kind: 'match',
  name: 'dccp',
  families: [4, 6],
  impliedBy: ['dccp'],
  options: options(
    '! --sport|--source-port PORTS',
    '! --dport|--destination-port PORTS',
    '! --dccp-types TYPES',
    '! --dccp-option NUMBER',
  ),
  meaning: (use) =>
    behindProtocol(use, 'dccp', 33, () => {
      const more = given(use, '--dccp-types') ?? given(use, '--dccp-option');
      return more === undefined ? ports(use, 'guided') : allMeanings(ports(use, 'guided'), opaque(use, 'pure'));
    }),
};
