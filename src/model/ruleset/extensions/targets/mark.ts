import { bad, type Target } from '../../extension.ts';
import { options } from '../../option.ts';
import { writtenMark } from '../mark-write.ts';

/** net/netfilter/xt_mark.c, mark_tg: `mark = (mark & ~mask) ^ value`. */
export const MARK: Target = {
  kind: 'target',
  name: 'MARK',
  families: [4, 6],
  options: options('--set-xmark VALUE', '--set-mark VALUE', '--and-mark BITS', '--or-mark BITS', '--xor-mark BITS'),
  meaning: (use) => writtenMark(use, 'mark') ?? bad('-j MARK does not say what to write', 'write --set-mark VALUE'),
};
