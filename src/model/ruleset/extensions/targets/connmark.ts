import { type Bad, bad, badValue, given, givenValue, type Target, type Use } from '../../extension.ts';
import { options } from '../../option.ts';
import { markValue } from '../../values/mark.ts';
import { hex, readNumber, u32, whole } from '../../values/number.ts';
import { savedMark, writtenMark } from '../mark-write.ts';
import { option, pick } from '../pick.ts';

/** net/netfilter/xt_connmark.c, connmark_tg_shift; nothing happens to a packet without a connection. */
export const CONNMARK: Target = {
  kind: 'target',
  name: 'CONNMARK',
  families: [4, 6],
  options: options(
    ['--set-xmark VALUE', markValue],
    ['--set-mark VALUE', markValue],
    ['--and-mark BITS', whole(0n, u32)],
    ['--or-mark BITS', whole(0n, u32)],
    ['--xor-mark BITS', whole(0n, u32)],
    '--save-mark',
    '--restore-mark',
    ['--left-shift-mark BITS', whole(0n, 31n)],
    ['--right-shift-mark BITS', whole(0n, 31n)],
    ['--nfmask MASK', whole(0n, u32, hex)],
    ['--ctmask MASK', whole(0n, u32, hex)],
    ['--mask MASK', whole(0n, u32, hex)],
  ),
  limits: [
    { kind: 'one', of: ['--set-xmark', '--set-mark', '--and-mark', '--or-mark', '--xor-mark', '--save-mark', '--restore-mark'] },
    { kind: 'at-most-one', of: ['--mask', '--nfmask'] },
    { kind: 'at-most-one', of: ['--mask', '--ctmask'] },
    { kind: 'at-most-one', of: ['--left-shift-mark', '--right-shift-mark'] },
  ],
  saved(use, _backend, spelled) {
    const copy = pick(spelled, '--save-mark', '--restore-mark')[0];
    const shifts = pick(spelled, '--left-shift-mark', '--right-shift-mark').filter((one) => one.values[0] !== '0');
    if (copy === undefined) return [...savedMark(use, 'connmark'), ...shifts];
    const mask = (name: string): string =>
      hex(BigInt(readNumber(givenValue(use, name) ?? givenValue(use, '--mask') ?? '') ?? 0xffffffff));
    return [copy, option('--nfmask', mask('--nfmask')), option('--ctmask', mask('--ctmask')), ...shifts];
  },

  meaning(use) {
    const nfmask = maskOf(use, '--nfmask');
    const ctmask = maskOf(use, '--ctmask');
    if (typeof nfmask !== 'number') return nfmask;
    if (typeof ctmask !== 'number') return ctmask;
    if (given(use, '--save-mark') !== undefined)
      return { kind: 'copy', from: 'mark', to: 'connmark', fromMask: nfmask, toMask: ctmask, ...shiftOf(use) };
    if (given(use, '--restore-mark') !== undefined)
      return { kind: 'copy', from: 'connmark', to: 'mark', fromMask: ctmask, toMask: nfmask, ...shiftOf(use) };
    const written = writtenMark(use, 'connmark');
    if (written === undefined)
      return bad('-j CONNMARK does not say what to do', 'write --save-mark, --restore-mark or --set-mark VALUE');
    return written.kind === 'write' ? { ...written, ...shiftOf(use) } : written;
  },
};

/** `--mask` stands for both masks; all bits when nothing was given. */
function maskOf(use: Use, name: string): number | Bad {
  const one = given(use, name) ?? given(use, '--mask');
  if (one === undefined) return 0xffffffff;
  return readNumber(one.values[0] ?? '') ?? badValue(one, 'write a 32-bit number');
}

function shiftOf(use: Use): { readonly shift?: number } {
  const left = readNumber(givenValue(use, '--left-shift-mark') ?? '0', 31) ?? 0;
  const right = readNumber(givenValue(use, '--right-shift-mark') ?? '0', 31) ?? 0;
  return left === right ? {} : { shift: left - right };
}
