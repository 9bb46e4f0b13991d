import { always } from '../../../packet/index.ts';
import { bad, givenValue, type Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { quotedText } from '../../values/text.ts';

/** net/netfilter/xt_comment.c: 255 bytes that say something to people and nothing to the kernel. */
export const comment: Match = {
  kind: 'match',
  name: 'comment',
  families: [4, 6],
  options: options(['*--comment "TEXT"', quotedText(255)]),

  meaning(use) {
    const text = givenValue(use, '--comment') ?? '';
    return text.length > 255 ? bad('the comment is longer than 255 bytes', 'shorten it', '--comment') : always;
  },
};
