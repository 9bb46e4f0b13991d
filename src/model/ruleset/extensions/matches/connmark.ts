import { allMeanings, type Match } from '../../extension.ts';
import { options } from '../../option.ts';
import { markValue } from '../../values/mark.ts';
import { tracked } from './conntrack.ts';
import { markIs } from './mark.ts';

/** net/netfilter/xt_connmark.c: a packet without a connection never matches, inverted or not. */
export const connmark: Match = {
  kind: 'match',
  name: 'connmark',
  families: [4, 6],
  options: options(['*! --mark VALUE', markValue]),

  meaning: (use) => allMeanings(tracked, markIs(use, 'connmark')),
};
