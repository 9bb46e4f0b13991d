import { type Bad, bad, badValue, given, type Target, type Use } from '../../extension.ts';
import { options } from '../../option.ts';
import { readNumber } from '../../values/number.ts';
import { writtenMark } from '../mark-write.ts';

/**
 * net/netfilter/xt_connmark.c, connmark_tg_shift; nothing happens to a packet without a connection.
 * Shifted marks are more than an Effect can say.
 */
export const CONNMARK: Target = {
  kind: 'target',
  name: 'CONNMARK',
  families: [4, 6],
  options: options(
    '--set-xmark VALUE',
    '--set-mark VALUE',
    '--and-mark BITS',
    '--or-mark BITS',
    '--xor-mark BITS',
    '--save-mark',
    '--restore-mark',
    '--left-shift-mark BITS',
    '--right-shift-mark BITS',
    '--nfmask MASK',
    '--ctmask MASK',
    '--mask MASK',
  ),
  meaning(use) {
    if (use.given.some((one) => one.name.endsWith('-shift-mark'))) return { kind: 'unknown', target: 'CONNMARK' };
    const nfmask = maskOf(use, '--nfmask');
    const ctmask = maskOf(use, '--ctmask');
    if (typeof nfmask !== 'number') return nfmask;
    if (typeof ctmask !== 'number') return ctmask;
    if (given(use, '--save-mark') !== undefined)
      return { kind: 'copy', from: 'mark', to: 'connmark', fromMask: nfmask, toMask: ctmask };
    if (given(use, '--restore-mark') !== undefined)
      return { kind: 'copy', from: 'connmark', to: 'mark', fromMask: ctmask, toMask: nfmask };
    return (
      writtenMark(use, 'connmark') ??
      bad('-j CONNMARK does not say what to do', 'write --save-mark, --restore-mark or --set-mark VALUE')
    );
  },
};

/** `--mask` stands for both masks; all bits when nothing was given. */
function maskOf(use: Use, name: string): number | Bad {
  const one = given(use, name) ?? given(use, '--mask');
  if (one === undefined) return 0xffffffff;
  return readNumber(one.values[0] ?? '') ?? badValue(one, 'write a 32-bit number');
}
