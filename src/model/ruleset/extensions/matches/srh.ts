import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';

/** net/ipv6/netfilter/ip6t_srh.c. */
export const srh: Match = {
  kind: 'match',
  name: 'srh',
  families: [6],
  options: options(
    '! --srh-next-hdr NUMBER',
    '! --srh-hdr-len-eq LENGTH',
    '! --srh-hdr-len-gt LENGTH',
    '! --srh-hdr-len-lt LENGTH',
    '! --srh-segs-left-eq NUMBER',
    '! --srh-segs-left-gt NUMBER',
    '! --srh-segs-left-lt NUMBER',
    '! --srh-last-entry-eq NUMBER',
    '! --srh-last-entry-gt NUMBER',
    '! --srh-last-entry-lt NUMBER',
    '! --srh-tag NUMBER',
    '! --srh-psid ADDRESS',
    '! --srh-nsid ADDRESS',
    '! --srh-lsid ADDRESS',
  ),
  meaning: (use) => opaque(use, 'pure'),
};
