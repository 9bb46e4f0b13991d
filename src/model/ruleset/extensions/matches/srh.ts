import { type Match, opaque, type ValueType } from '../../extension.ts';
import { options } from '../../option.ts';
import { unmaskedNetwork } from '../../values/address.ts';
import { u8, u16, whole } from '../../values/number.ts';

/** The host bits stay, the length is always there. */
const segmentNetwork: ValueType = {
  ...unmaskedNetwork,
  saved: (text, family) => {
    const saved = unmaskedNetwork.saved(text, family);
    return saved === undefined || saved.includes('/') ? saved : `${saved}/128`;
  },
};

/** net/ipv6/netfilter/ip6t_srh.c. */
export const srh: Match = {
  kind: 'match',
  name: 'srh',
  families: [6],
  options: options(
    ['! --srh-next-hdr NUMBER', whole(0n, u8)],
    ['! --srh-hdr-len-eq LENGTH', whole(0n, u8)],
    ['! --srh-hdr-len-gt LENGTH', whole(0n, u8)],
    ['! --srh-hdr-len-lt LENGTH', whole(0n, u8)],
    ['! --srh-segs-left-eq NUMBER', whole(0n, u8)],
    ['! --srh-segs-left-gt NUMBER', whole(0n, u8)],
    ['! --srh-segs-left-lt NUMBER', whole(0n, u8)],
    ['! --srh-last-entry-eq NUMBER', whole(0n, u8)],
    ['! --srh-last-entry-gt NUMBER', whole(0n, u8)],
    ['! --srh-last-entry-lt NUMBER', whole(0n, u8)],
    ['! --srh-tag NUMBER', whole(0n, u16)],
    ['! --srh-psid ADDRESS', segmentNetwork],
    ['! --srh-nsid ADDRESS', segmentNetwork],
    ['! --srh-lsid ADDRESS', segmentNetwork],
  ),

  // The comparisons of a field share one number: the one written last.
  saved: (use, _backend, spelled) =>
    spelled.map((one) => {
      const field = /^(.*)-(?:eq|gt|lt)$/.exec(one.name)?.[1];
      const last = field === undefined ? undefined : use.given.findLast((other) => other.name.startsWith(`${field}-`));
      return last === undefined ? one : { ...one, values: [whole(0n, u8).saved(last.values[0] ?? '', 6) ?? ''] };
    }),
  meaning: (use) => opaque(use, 'pure'),
};
