import { type Match, opaque } from '../../extension.ts';
import { options } from '../../option.ts';
import { namedMark } from '../../values/named-mark.ts';

/** net/netfilter/xt_realm.c: the route's realm. */
export const realm: Match = {
  kind: 'match',
  name: 'realm',
  families: [4],
  options: options(['*! --realm VALUE', namedMark('cosmos')]),

  meaning: (use) => opaque(use, 'pure'),
};
