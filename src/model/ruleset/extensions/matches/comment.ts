import { always } from '../../../packet/index.ts';
import type { Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { quotedText } from '../../values/text.ts';

/** net/netfilter/xt_comment.c: 255 bytes that say something to people and nothing to the kernel; iptables cuts the rest. */
export const comment: Match = {
  kind: 'match',
  name: 'comment',
  families: [4, 6],
  options: options(['*--comment "TEXT"', quotedText(255, 'cut')]),

  meaning: () => always,
};
