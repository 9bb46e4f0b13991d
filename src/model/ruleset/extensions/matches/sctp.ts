import { allMeanings, given, type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { behindProtocol, ports } from './transport.ts';

/** net/netfilter/xt_sctp.c: a later fragment never matches; the chunks lie beyond the fields of a packet. */
export const sctp: Match = {
  kind: 'match',
  name: 'sctp',
  families: [4, 6],
  impliedBy: ['sctp'],
  options: options('! --sport|--source-port PORTS', '! --dport|--destination-port PORTS', '! --chunk-types HOW TYPES'),
  meaning: (use) =>
    behindProtocol(use, 'sctp', 132, () =>
      given(use, '--chunk-types') === undefined ? ports(use, 'old') : allMeanings(ports(use, 'old'), opaque(use, 'pure')),
    ),
};
