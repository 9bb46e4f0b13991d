import { bad, type Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { markValue } from '../../values/mark.ts';
import { u32, whole } from '../../values/number.ts';
import { savedMark, writtenMark } from '../mark-write.ts';

/** net/netfilter/xt_mark.c, mark_tg: `mark = (mark & ~mask) ^ value`. */
export const MARK: Target = {
  kind: 'target',
  name: 'MARK',
  families: [4, 6],
  options: options(
    ['--set-xmark VALUE', markValue],
    ['--set-mark VALUE', markValue],
    ['--and-mark BITS', whole(0n, u32)],
    ['--or-mark BITS', whole(0n, u32)],
    ['--xor-mark BITS', whole(0n, u32)],
  ),
  limits: [{ kind: 'one', of: ['--set-xmark', '--set-mark', '--and-mark', '--or-mark', '--xor-mark'] }],
  saved: (use) => savedMark(use, 'mark'),

  meaning: (use) => writtenMark(use, 'mark') ?? bad('-j MARK does not say what to write', 'write --set-mark VALUE'),
};
