import { type Given, givenValue, type Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { u16, u32, whole } from '../../values/number.ts';
import { quotedText } from '../../values/text.ts';

/** net/netfilter/xt_NFLOG.c: the packet goes to whoever listens on the group. */
export const NFLOG: Target = {
  kind: 'target',
  name: 'NFLOG',
  families: [4, 6],
  options: options(
    ['--nflog-prefix "TEXT"', quotedText(127, 'cut', 1)],
    ['--nflog-group NUMBER', whole(0n, u16)],
    ['--nflog-range BYTES', whole(0n, u32)],
    ['--nflog-size BYTES', whole(0n, u32)],
    ['--nflog-threshold NUMBER', whole(0n, u16)],
  ),

  limits: [{ kind: 'at-most-one', of: ['--nflog-range', '--nflog-size'] }],
  saved: (_use, backend, spelled) =>
    cutPrefix(spelled, backend === 'nft' ? 127 : 63).filter(
      (one) =>
        !(one.name === '--nflog-group' && one.values[0] === '0') &&
        !(one.name === '--nflog-threshold' && one.values[0] === '0') &&
        // iptables-nft leaves the range out, which the kernel never used.
        !(one.name === '--nflog-range' && (backend === 'nft' || one.values[0] === '0')),
    ),
  meaning: (use) => ({ kind: 'log', by: 'NFLOG', prefix: givenValue(use, '--nflog-prefix') ?? '' }),
};

/** The two backends hold prefixes of different lengths. */
function cutPrefix(spelled: readonly Given[], most: number): readonly Given[] {
  return spelled.map((one) => (one.name === '--nflog-prefix' ? { ...one, values: [(one.values[0] ?? '').slice(0, most)] } : one));
}
